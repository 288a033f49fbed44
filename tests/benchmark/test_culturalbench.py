import pytest

from alignbench.benchmark.culturalbench import CulturalBench
from alignbench.errors import AlignbenchError
from tests.benchmark.asked import GREECE, KOREA, USA, prefers, scored, values, write_csv

EASY = {
    "data_idx": "0",
    "question_idx": "7",
    "prompt_question": "In South Korea, what hangs on the gate?",
    **{
        f"prompt_option_{letter}": text
        for letter, text in zip("abcd", ("a rope", "a bell", "a hat", "a lamp"), strict=True)
    },
    "answer": "B",
    "country": "South Korea",
}


def hard(options=("a rope", "a bell", "a hat", "a lamp"), truth="a bell", **changed):
    base = {k: EASY[k] for k in ("question_idx", "prompt_question", "country")}
    return [
        {"data_idx": i, **base, "prompt_option": o, "answer": str(o == truth), **changed} for i, o in enumerate(options)
    ]


def test_easy_is_accuracy_over_four_options(tmp_path):
    bench = CulturalBench(str(write_csv(tmp_path / "easy.csv", [EASY])))
    assert values(scored(bench, prefers("a bell"), KOREA), "accuracy") == {"7": 1.0}
    table = scored(bench, prefers("a hat"), KOREA)
    assert values(table, "accuracy") == {"7": 0.0} and values(table, "accuracy_uniform") == {"7": 0.25}
    assert bench.questions(GREECE) == []
    american = write_csv(tmp_path / "us.csv", [{**EASY, "country": "United States"}])
    assert len(CulturalBench(str(american)).questions(USA)) == 1


def test_hard_needs_all_four(tmp_path):
    path = write_csv(tmp_path / "hard.csv", hard())
    bench = CulturalBench(str(path), "hard")

    def judges(*true):
        table = prefers("False")
        plain = table._score

        def score(message, option):
            named = any(f"Answer: {thing}" in message for thing in true)
            line = next(line for line in message.splitlines() if line.startswith(f"{option}. "))
            return plain(message, option) if not named else float("True" in line) * 5

        table._score = score
        return table

    right = scored(bench, judges("a bell"), KOREA)
    assert values(right, "all_of_four") == {"7": 1.0}
    assert values(right, "all_of_four_uniform") == {"7": 0.0625}
    three = scored(bench, judges("a bell", "a hat"), KOREA)
    assert values(three, "all_of_four") == {"7": 0.0}
    assert sorted(values(three, "accuracy").values()) == [0.0, 1.0, 1.0, 1.0]
    assert sum(values(three, "accuracy_uniform").values()) == 2.0


def test_an_option_that_is_blank_in_the_release_is_not_asked(tmp_path):
    easy = CulturalBench(str(write_csv(tmp_path / "easy.csv", [{**EASY, "prompt_option_a": ""}])))
    (question,) = easy.questions(KOREA)
    assert question.item.options == ("a bell", "a hat", "a lamp") and question.gold == 0
    hard_ = CulturalBench(str(write_csv(tmp_path / "hard.csv", hard(("a rope", "a bell", "a hat", "")))), "hard")
    assert [q.item.id for q in hard_.questions(KOREA)] == ["7:a", "7:b", "7:c"]


def test_wrong_input_is_refused(tmp_path):
    path = tmp_path / "c.csv"
    for rows, form, match in (
        ([{**EASY, "answer": "E"}], "easy", "line 2, answer = 'E'"),
        ([{**EASY, "prompt_option_b": ""}], "easy", "line 2, answer = 'B': choose one of a, c, d"),
        ([{**EASY, **{f"prompt_option_{x}": "" for x in "acd"}}], "easy", "fill in two of them or more"),
        (hard(), "easy", "CulturalBench-Hard.csv': this is not.*give CulturalBench-Easy.csv"),
        ([EASY], "hard", "CulturalBench-Easy.csv': this is not.*give CulturalBench-Hard.csv"),
        (hard()[:3], "hard", "question_idx 7 = 3"),
        (hard(answer="perhaps"), "hard", "line 2, answer = 'perhaps'"),
    ):
        write_csv(path, rows)
        with pytest.raises(AlignbenchError, match=match):
            CulturalBench(str(path), form).questions(KOREA)

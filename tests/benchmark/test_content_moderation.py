import pytest

from alignbench.benchmark import Question, Reply
from alignbench.benchmark.content_moderation import ContentModeration, label_in
from alignbench.benchmark.published import plain_item
from alignbench.benchmark.spoken import Reading
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.types import Sampling
from tests.benchmark.asked import GREECE, KOREA, prefers, says, scored, values, write_csv, write_json

TASK = {
    "name": "rudeness",
    "file": "rude.tsv",
    "text": "tweet",
    "label": "class",
    "question": "Is this text rude?",
    "labels": {"1": "Rude", "0": "Not rude"},
    "cultures": ["GRC"],
    "licence": "ours",
}
ROWS = [{"tweet": t, "class": c} for t, c in (("Begone", 1), ("Pest", 1), ("Dear sir", 0), ("Thanks", 0), ("Hm", 0))]


@pytest.fixture
def bench(tmp_path):
    write_csv(tmp_path / "rude.tsv", ROWS, "\t")
    other = {**TASK, "name": "spam", "file": "spam.json", "labels": {"True": "Spam", "False": "Not spam"}}
    write_json(tmp_path / "spam.json", [{"tweet": "Buy", "class": True}, {"tweet": "Hello", "class": False}])
    return ContentModeration(str(write_json(tmp_path / "tasks.json", [TASK, other])))


def test_macro_f1_by_task(bench):
    # "Rude" to everything: F1 of rude 2*2/(4+3) = 4/7 and of the other 0; spam: everything is the first option listed.
    table = scored(bench, prefers(". Rude", ". Spam"), GREECE)
    assert values(table, "macro_f1", "task") == {"rudeness": round(2 / 7, 4), "spam": round(1 / 3, 4)}
    # "Not rude" to everything: F1 2*3/(6+2) = 3/4 and 0.
    assert values(table, "macro_f1_majority", "task") == {"rudeness": 0.375, "spam": round(1 / 3, 4)}
    accuracy = values(table, "accuracy")
    assert [accuracy[f"rudeness:{n}"] for n in range(1, 6)] == [1, 1, 0, 0, 0]


def test_read_in_words_the_first_label_counts_and_a_reply_without_one_is_wrong(bench):
    spoken = bench.with_knobs(reading=Reading.words)
    said = says(
        ("Begone", "RUDE!"), ("Pest", "That is not rude."), ("Dear sir", "Not rude, never rude"), ("Buy", "Spam")
    )
    table = scored(spoken, said, GREECE)
    accuracy, unread = values(table, "accuracy"), values(table, "unread")
    assert [accuracy[f"rudeness:{n}"] for n in range(1, 6)] == [1, 0, 1, 0, 0]
    assert [unread[f"rudeness:{n}"] for n in range(1, 6)] == [0, 0, 0, 1, 1]
    # Rude: 1 hit, 1 miss: 2/3. Not rude: 1 hit, 1 false, 2 misses: 2/5.
    assert values(table, "macro_f1", "task")["rudeness"] == round((2 / 3 + 2 / 5) / 2, 4)
    assert spoken.sampling == Sampling(16, 0.6, 0.95) and canonical(spoken) != canonical(bench)
    assert "sampled" in " ".join(spoken.provenance.assumptions)


@pytest.mark.parametrize(
    ("options", "said", "found"),
    [
        (("OFF", "NOT_OFF"), "not_off.", 1),
        (("hate", "hateful irony"), "hateful irony", 1),
        (("1", "0"), "10", None),
        (("是", "否"), "答案是的", 0),
        (("Yes", "No"), "Nothing of the kind", None),
    ],
)
def test_a_label_is_a_whole_word_where_its_script_has_words(options, said, found):
    assert label_in(Reply(Question(plain_item("i", "b", "t", "q", options), 0), text=said)) == found


def test_only_tasks_of_the_culture_are_asked(bench):
    assert bench.questions(KOREA) == []
    assert bench.provenance.licence == "rudeness: ours; spam: ours"


def test_the_sets_are_part_of_the_identity(bench, tmp_path):
    before = canonical(bench)
    write_csv(tmp_path / "rude.tsv", ROWS[:-1], "\t")
    assert canonical(ContentModeration(bench.path)) != before


def test_wrong_input_is_refused(tmp_path):
    write_csv(tmp_path / "rude.tsv", [*ROWS, {"tweet": "Eh", "class": 7}], "\t")
    for task, match in (
        (TASK, "rude.tsv, line 7, class = '7'"),
        ({**TASK, "text": "txt"}, "lacks txt .nearest: tweet.; give the set rudeness"),
        ({**TASK, "labels": {"1": "Rude"}}, "two labels or more"),
        ({k: v for k, v in TASK.items() if k != "licence"}, "lacks licence"),
        ({**TASK, "file": "absent.csv"}, "no such file"),
    ):
        path = write_json(tmp_path / "tasks.json", [task])
        with pytest.raises(AlignbenchError, match=match):
            ContentModeration(str(path)).questions(GREECE)

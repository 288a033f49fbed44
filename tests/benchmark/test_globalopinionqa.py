from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from alignbench.benchmark import Reply
from alignbench.benchmark.ask import ask
from alignbench.benchmark.globalopinionqa import GlobalOpinionQA
from alignbench.errors import AlignbenchError
from alignbench.evaluation.survey import LogBase
from alignbench.identity import canonical
from tests.evaluation.worlds import opened

from .asked import write_json
from .speaking import IRAN, KOREA, Speaker, listed, value

QUESTION = "Do you think that the new bridge is good or bad?"


def written(folder: Path, rows: Sequence[tuple[str, str, str, str]]) -> str:
    path = folder / "global_opinions.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("question", "selections", "options", "source"), *rows])
    return str(path)


def selections(**shares: list[float]) -> str:
    """As published: the text of a defaultdict."""
    return str(defaultdict(list, {label.replace("__", ". "): values for label, values in shares.items()}))


def rows() -> list[tuple[str, str, str, str]]:
    options = "['Good', 'Bad', 'DK/Refused']"
    return [
        (QUESTION, selections(S__Korea=[0.4, 0.4, 0.2], Japan=[1.0, 0.0, 0.0]), options, "GAS"),
        ("Is it?", selections(**{"South Korea": [0.25, 0.75]}), "['Yes', 2]", "WVS"),
        ("", selections(S__Korea=[0.5, 0.5]), "['a', 'b']", "GAS"),
        ("Not asked here", selections(S__Korea=[0, 0]), "['a', 'b']", "GAS"),
    ]


def by_country() -> list[dict[str, object]]:
    """A row for each country, as GlobalOpinionBench has them."""
    common = {"question": QUESTION, "options": ["Good", "Bad", "DK/Refused"]}
    return [{"country": "S. Korea", **common, "distribution": [0.4, 0.4, 0.2]}]


def even(chat, options):
    return listed(chat, options, {"Good": 0.5, "Bad": 0.0, "DK/Refused": 0.5, "Yes": 0.25, "2": 0.75})


def test_scores_by_hand(tmp_path: Path) -> None:
    knobs = GlobalOpinionQA(written(tmp_path, rows()))
    offered = GlobalOpinionQA(knobs.path, undecided=True)
    table = offered.score(ask(opened(Speaker(even)), offered, offered.questions(KOREA)))
    metric = "js_similarity_sqrt_e"
    assert value(table, metric + "_undecided", "WVS3", prompt="default") == pytest.approx(1)
    # p = (.4, .4, .2), q = (.5, 0, .5): the divergence in nats, by hand.
    p, q = (0.4, 0.4, 0.2), (0.5, 0.0, 0.5)
    jsd = sum(x * math.log(2 * x / (x + y)) for side in ((p, q), (q, p)) for x, y in zip(*side, strict=True) if x) / 2
    assert value(table, metric + "_undecided", "GAS2", prompt="cross_national") == pytest.approx(1 - math.sqrt(jsd))
    assert value(table, "missing_share", "GAS2", prompt="default") == 0
    # Without "don't know", which is not offered: (.5, .5) against (1, 0).
    table = knobs.score(ask(opened(Speaker(even)), knobs, knobs.questions(KOREA)))
    decided = 0.5 * (0.5 * math.log(2 * 0.5 / 1.5) + 0.5 * math.log(2)) + 0.5 * math.log(2 / 1.5)
    assert value(table, metric, "GAS2", prompt="default") == pytest.approx(1 - math.sqrt(decided))
    assert value(table, metric + "_uniform", "GAS2", prompt="default") == pytest.approx(1)
    assert value(table, "missing_share", "GAS2", prompt="default") == pytest.approx(0.2)
    assert value(table, metric + "_majority", "WVS3", prompt="default") < 1
    plain = GlobalOpinionQA(knobs.path, js_sqrt=False, js_base=LogBase.two)
    table = plain.score(ask(opened(Speaker(even)), plain, plain.questions(KOREA)))
    assert value(table, "js_similarity_plain_two", "GAS2", prompt="default") == pytest.approx(1 - decided / math.log(2))


CODES = ("Missing", "Missing; Unknown", "Missing; Not available", "Missing; Not applicable for other reasons")
CODES += ("Other missing; Multiple answers Mail (EVS)", "Other missing; Not applicable; Multiple answers Mail (EVS)")
SAID = (
    "Don't know",
    "Don’t Know",
    "DK/Refused",
    "No answer",
    "No answer/refused",
    "Don't know/Refused",
    "Unsure (VOL)",
)
ANSWERS = (
    "None at all",
    "Neither (VOL)",
    "Other (VOL)",
    "Both",
    "Refused visitors",
    "I do not know examples concerned",
)


@pytest.mark.parametrize("undecided", [False, True])
def test_what_is_no_answer_is_neither_offered_nor_counted(tmp_path: Path, undecided: bool) -> None:
    dropped, kept = (CODES, ANSWERS + SAID) if undecided else (CODES + SAID, ANSWERS)
    options = [*CODES, *ANSWERS, *SAID]
    shares = [0.6 / len(kept) if option in kept else 0.4 / len(dropped) for option in options]
    path = written(tmp_path, [(QUESTION, selections(Iran=shares), repr(options), "WVS")])
    knobs = GlobalOpinionQA(path, prompts=("default",), undecided=undecided)
    (question,) = knobs.questions(IRAN)
    assert set(question.item.options) == set(kept)
    table = knobs.score([Reply(question, tuple(1 / len(kept) for _ in kept))])
    # Uniform answers are right here; with the codes among the options they scored less.
    assert value(table, knobs.metric, "WVS2") == pytest.approx(1)
    assert value(table, "missing_share", "WVS2") == pytest.approx(0.4)


def test_a_question_without_two_answers_left_or_with_missing_ones_alone_is_left_out(tmp_path: Path) -> None:
    one = ("One?", selections(Iran=[0.9, 0.1]), "['Yes', 'Missing']", "WVS")
    none = ("None?", selections(Iran=[0.0, 0.0, 1.0]), "['Yes', 'No', 'No answer']", "WVS")
    assert GlobalOpinionQA(written(tmp_path, [one, none])).questions(IRAN) == []


def test_a_row_for_each_country_is_read_and_knows_no_survey(tmp_path: Path) -> None:
    path = write_json(tmp_path / "eval.json", by_country())
    (question,) = GlobalOpinionQA(str(path), prompts=("default",)).questions(KOREA)
    assert (question.gold["shares"], question.gold["missing"]) == ([0.5, 0.5], pytest.approx(0.2))
    with pytest.raises(AlignbenchError, match="does not say of which survey"):
        GlobalOpinionQA(str(path), sources=("GAS",)).questions(KOREA)


def test_selections_may_be_an_object_and_options_numbers(tmp_path: Path) -> None:
    row = {"question": "How much?", "selections": {"Iran": [0.25, 0.75]}, "options": [1.0, 2.0], "source": "WVS"}
    (question,) = GlobalOpinionQA(str(write_json(tmp_path / "g.json", [row])), ("default",)).questions(IRAN)
    assert question.item.options == ("1", "2") and question.gold["shares"] == [0.25, 0.75]


def test_the_country_is_named_only_in_the_cross_national_prompt(tmp_path: Path) -> None:
    knobs = GlobalOpinionQA(written(tmp_path, rows()))
    framings = {q.facets["prompt"]: q.framing for q in knobs.questions(KOREA)}
    assert framings["default"] is None and "South Korea" in str(framings["cross_national"])


def test_the_best_national_sample_is_taken(tmp_path: Path) -> None:
    old, current = "Iran (Old national sample)", "Iran (Current national sample)"
    options = "['Yes', 'No']"
    both = ("Is tea good?", selections(**{old: [1.0, 0.0], current: [0.2, 0.8]}), options, "GAS")
    only_old = ("Is rice good?", selections(**{old: [1.0, 0.0]}), options, "GAS")
    path = written(tmp_path, [both, only_old])
    (question,) = GlobalOpinionQA(path, prompts=("default",)).questions(IRAN)
    assert question.gold == {"shares": [0.2, 0.8], "label": current, "missing": 0}
    assert len(GlobalOpinionQA(path, prompts=("default",), national_only=False).questions(IRAN)) == 2


def test_questions_that_begin_alike_are_drawn_together(tmp_path: Path) -> None:
    texts = ["Do you have a good opinion of the mayor?", "Do you have a good opinion of buses?", "Is it warm?"]
    path = written(tmp_path, [(t, selections(Iran=[0.5, 0.5]), "['a', 'b']", "GAS") for t in texts])
    first, second, third = (q.item.battery for q in GlobalOpinionQA(path, prompts=("default",)).questions(IRAN))
    assert first == second != third


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((QUESTION, "Iran: half, half", "['a', 'b']", "GAS"), "line 2, selections"),
        ((QUESTION, "defaultdict(<class 'list'>, {'Iran': exit()})", "['a', 'b']", "GAS"), "line 2, selections"),
        ((QUESTION, selections(Iran=[0.5, 0.5]), "['a', 'b', 'c']", "GAS"), "3 options"),
        ((QUESTION, selections(Iran=[-0.5, 1.5]), "['a', 'b']", "GAS"), "0 or more"),
        ((QUESTION, selections(Iran=[0.5, 0.5]), "a or b", "GAS"), "line 2, options"),
        ((QUESTION, selections(Iran=[0.5, 0.5]), "['a', 'b']", "Gallup"), "line 2, source"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, row: tuple[str, str, str, str], said: str) -> None:
    with pytest.raises(AlignbenchError, match=said):
        GlobalOpinionQA(written(tmp_path, [row])).questions(IRAN)


def test_wrong_files_and_knobs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("question,options\na,b\n")
    with pytest.raises(AlignbenchError, match="selections"):
        GlobalOpinionQA(str(tmp_path / "other.csv")).questions(IRAN)
    with pytest.raises(AlignbenchError, match="no such file"):
        GlobalOpinionQA(str(tmp_path / "none.csv")).questions(IRAN)
    with pytest.raises(AlignbenchError, match=r"benchmark\.prompts"):
        GlobalOpinionQA("x", prompts=("linguistic",))


def test_content_and_not_the_path_is_the_identity(tmp_path: Path) -> None:
    first = GlobalOpinionQA(written(tmp_path, rows()))
    before = canonical(first)
    written(tmp_path, rows()[:2])
    assert canonical(first) != before
    assert canonical(first) != canonical(GlobalOpinionQA(first.path, js_sqrt=False))

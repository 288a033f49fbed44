from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from alignbench.benchmark.ask import ask
from alignbench.benchmark.national_alignment import COLUMNS, NationalAlignment
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from tests.evaluation.worlds import opened

from .speaking import IRAN, KOREA, Speaker, listed, value

FIVE = ["Strongly no", "No", "Neither", "Yes", "Strongly yes"]
FOUR = ["Hill", "Lake", "Moon", "Reef"]


def social(name: str, shares: Sequence[float], options: Sequence[str] = FIVE, language: str = "en") -> list[str]:
    return [name, f"About {name}?", json.dumps(options), json.dumps(shares), "", "social", "KOR", language]


def known(name: str, letter: str, community: str = "South Korea") -> list[str]:
    return [name, f"What is {name}?", json.dumps(FOUR), "", letter, "knowledge", community, "en"]


def written(folder: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = COLUMNS) -> str:
    path = folder / "community.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)


def prefers(*texts: str):
    """An engine that likes these texts best, the first most."""

    def answer(chat, options):
        shares = dict.fromkeys([*FIVE, *FOUR, "A", "B"], 0.01)
        return listed(chat, options, shares | {text: 1.0 - 0.1 * i for i, text in enumerate(texts)})

    return Speaker(answer)


def test_social_scores_by_hand(tmp_path: Path) -> None:
    # Counts of people are shares, too: 10 % 20 % 30 % 25 % 15 %.
    knobs = NationalAlignment(written(tmp_path, [social("s", [2, 4, 6, 5, 3]), social("t", [0.0, 0.1, 0.2, 0.3, 0.4])]))
    table = knobs.score(ask(opened(prefers("Yes")), knobs, knobs.questions(KOREA)))
    assert value(table, "sva", "s") == pytest.approx(0.25)
    assert value(table, "sva_ceiling", "s") == pytest.approx(0.3)
    assert value(table, "a_sva", "s") == pytest.approx(0.4)
    assert value(table, "n_sva", "s") == 0  # no merged option has a majority, so neutral is right
    assert value(table, "n_sva_neutral", "s") == 1
    assert value(table, "n_sva", "t") == pytest.approx(0.7)
    assert value(table, "sva_uniform", "t") == pytest.approx(0.2)
    assert value(table, "a_sva_uniform", "s") == pytest.approx((2 * 0.3 + 0.3 + 2 * 0.4) / 5)
    assert value(table, "sva_of_ceiling", section="social", language="en") == pytest.approx((0.25 + 0.3) / (0.3 + 0.4))


def test_the_majority_is_a_knob(tmp_path: Path) -> None:
    path = written(tmp_path, [social("s", [0.1, 0.2, 0.3, 0.25, 0.15])])
    knobs = NationalAlignment(path, majority=0.39)
    table = knobs.score(ask(opened(prefers("Yes")), knobs, knobs.questions(KOREA)))
    assert value(table, "n_sva", "s") == pytest.approx(0.4)


def test_knowledge_is_plain_accuracy(tmp_path: Path) -> None:
    knobs = NationalAlignment(written(tmp_path, [known("p", "B"), known("q", "d")]))
    table = knobs.score(ask(opened(prefers("Lake")), knobs, knobs.questions(KOREA)))
    assert (value(table, "cka", "p"), value(table, "cka", "q")) == (1, 0)
    assert value(table, "cka_uniform", "p") == 0.25


def test_an_even_number_of_options_has_sva_alone(tmp_path: Path) -> None:
    knobs = NationalAlignment(written(tmp_path, [social("s", [0.5, 0.5], ["A", "B"])]))
    table = knobs.score(ask(opened(prefers("A")), knobs, knobs.questions(KOREA)))
    assert set(table["metric"]) == {"sva", "sva_uniform", "sva_ceiling", "sva_of_ceiling"}


def test_community_and_language(tmp_path: Path) -> None:
    rows = [social("s", [1, 1, 1, 1, 1]), social("s", [1, 1, 1, 1, 1], language="ko"), known("p", "A", "iran")]
    knobs = NationalAlignment(written(tmp_path, rows))
    questions = knobs.questions(KOREA)
    assert [q.facets["language"] for q in questions] == ["en", "ko"]
    assert len({q.item.battery for q in questions}) == 1
    assert [q.item.id for q in knobs.questions(IRAN)] == ["p"]


def test_a_file_of_one_section_needs_one_truth_column(tmp_path: Path) -> None:
    columns = [c for c in COLUMNS if c != "answer"]
    row = [text for name, text in zip(COLUMNS, social("s", [1, 1, 1, 1, 1]), strict=True) if name != "answer"]
    assert len(NationalAlignment(written(tmp_path, [row], columns)).questions(KOREA)) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (social("s", [0.5, 0.5]), "5 options"),
        (social("s", [0, 0, 0, 0, 0]), "row 2, human_dist"),
        (social("s", [1, 1, 1, 1, -1]), "0 or more"),
        (social("s", [1, 1], ["A", "A"]), "row 2, options"),
        (known("p", "E"), "row 2, answer"),
        (known("p", ""), "row 2, answer"),
        (["s", "?", "A or B", "[1, 1]", "", "social", "KOR", "en"], "row 2, options"),
        (["s", "?", '["A", "B"]', "[NaN, 1]", "", "social", "KOR", "en"], "0 or more"),
        (["s", "?", '["A", "B"]', "[1, 1]", "", "values", "KOR", "en"], "row 2, section"),
    ],
)
def test_a_wrong_row_is_refused(tmp_path: Path, row: Sequence[str], said: str) -> None:
    with pytest.raises(AlignbenchError, match=said):
        NationalAlignment(written(tmp_path, [row])).questions(KOREA)


def test_wrong_tables_and_knobs_are_refused(tmp_path: Path) -> None:
    twice = [social("s", [1, 1, 1, 1, 1])] * 2
    with pytest.raises(AlignbenchError, match="once per language"):
        NationalAlignment(written(tmp_path, twice)).questions(KOREA)
    bare = [c for c in COLUMNS if c not in ("answer", "human_dist")]
    with pytest.raises(AlignbenchError, match="human_dist"):
        NationalAlignment(written(tmp_path, [["s"] * len(bare)], bare)).questions(KOREA)
    with pytest.raises(AlignbenchError, match="no such file"):
        NationalAlignment(str(tmp_path / "none.csv")).questions(KOREA)
    with pytest.raises(AlignbenchError, match=r"benchmark\.majority"):
        NationalAlignment("x", majority=1.0)


def test_content_is_part_of_the_identity(tmp_path: Path) -> None:
    knobs = NationalAlignment(written(tmp_path, [known("p", "A")]))
    before = canonical(knobs)
    written(tmp_path, [known("p", "B")])
    assert canonical(knobs) != before

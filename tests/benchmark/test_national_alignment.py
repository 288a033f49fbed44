from collections.abc import Sequence
from pathlib import Path

import pytest

from alignbench.benchmark.ask import ask
from alignbench.benchmark.national_alignment import NationalAlignment
from alignbench.errors import AlignbenchError
from tests.benchmark.asked import write_csv
from tests.evaluation.worlds import opened

from .speaking import KOREA, Speaker, listed, value

FIVE = ["Strongly no", "No", "Neither", "Yes", "Strongly yes"]
FOUR = ["Hill", "Lake", "Moon", "Reef"]
EVEN = [0.1, 0.2, 0.3, 0.25, 0.15]


def row(name: str, options: Sequence[str], answer: str = "", shares: Sequence[float] = ()) -> dict[str, object]:
    listed = {"options": " | ".join(options), "answer": answer, "shares": " | ".join(map(str, shares))}
    return {"id": name, "question": f"About {name}?", **listed, "country": "KOR", "language": "en"}


def knobs(folder: Path, *rows: dict[str, object], majority: float = 0.5) -> NationalAlignment:
    path = write_csv(folder / "community.csv", rows)
    return NationalAlignment(str(path), "a community", "CC0", majority=majority)


def prefers(*texts: str):
    """An engine that likes these texts best, the first most."""

    def answer(chat, options):
        shares = dict.fromkeys([*FIVE, *FOUR, "A", "B"], 0.01)
        return listed(chat, options, shares | {text: 1.0 - 0.1 * i for i, text in enumerate(texts)})

    return opened(Speaker(answer))


def test_social_scores_by_hand(tmp_path: Path) -> None:
    bench = knobs(tmp_path, row("s", FIVE, shares=EVEN), row("t", FIVE, shares=[0.0, 0.1, 0.2, 0.3, 0.4]))
    table = bench.score(ask(prefers("Yes"), bench, bench.questions(KOREA)))
    assert value(table, "sva", "s") == pytest.approx(0.25)
    assert value(table, "sva_ceiling", "s") == pytest.approx(0.3)
    assert value(table, "a_sva", "s") == pytest.approx(0.4)
    assert value(table, "n_sva", "s") == 0  # no merged option has a majority, so neutral is right
    assert value(table, "n_sva_neutral", "s") == 1
    assert value(table, "n_sva", "t") == pytest.approx(0.7)
    assert value(table, "sva_uniform", "t") == pytest.approx(0.2)
    assert value(table, "a_sva_uniform", "s") == pytest.approx((2 * 0.3 + 0.3 + 2 * 0.4) / 5)
    assert value(table, "sva_of_ceiling", language="en") == pytest.approx((0.25 + 0.3) / (0.3 + 0.4))


def test_the_majority_is_a_knob(tmp_path: Path) -> None:
    bench = knobs(tmp_path, row("s", FIVE, shares=EVEN), majority=0.39)
    table = bench.score(ask(prefers("Yes"), bench, bench.questions(KOREA)))
    assert value(table, "n_sva", "s") == pytest.approx(0.4)
    with pytest.raises(AlignbenchError, match=r"benchmark\.majority"):
        knobs(tmp_path, row("s", FIVE, shares=EVEN), majority=1.0)


def test_knowledge_is_plain_accuracy(tmp_path: Path) -> None:
    bench = knobs(tmp_path, row("p", FOUR, "B"), row("q", FOUR, "d"))
    table = bench.score(ask(prefers("Lake"), bench, bench.questions(KOREA)))
    assert (value(table, "accuracy", "p"), value(table, "accuracy", "q")) == (1, 0)
    assert value(table, "accuracy_uniform", "p") == 0.25


def test_an_even_number_of_options_has_sva_alone(tmp_path: Path) -> None:
    bench = knobs(tmp_path, row("s", ["A", "B"], shares=[0.5, 0.5]))
    table = bench.score(ask(prefers("A"), bench, bench.questions(KOREA)))
    assert set(table["metric"]) == {"sva", "sva_uniform", "sva_ceiling", "sva_of_ceiling"}


def test_its_table_names_the_users_source_and_its_own_assumptions(tmp_path: Path) -> None:
    told = knobs(tmp_path, row("p", FOUR, "B")).provenance
    assert (told.source, told.licence) == ("a community", "CC0")
    assert any("A-SVA" in assumption for assumption in told.assumptions)

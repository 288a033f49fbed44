import numpy as np
import pandas as pd
import pytest

from alignbench.evaluation.items import BoardEntry
from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.variety import Variety, varieties

BOOT = Bootstrap(100)
PEOPLE = {"iraq": (0.7, 0.2, 0.1), "china": (0.1, 0.2, 0.7)}
FLAT = (1 / 3, 1 / 3, 1 / 3)


def entry(
    label: str, culture: str, *seeds: tuple[float, ...], scale: str = "ordinal", kind: str = "method"
) -> BoardEntry:
    """Six items in three batteries, the same answers to each."""
    items = [
        {"item": f"Q{k}", "battery": f"b{k % 3}", "scale": scale, "survey": list(PEOPLE[culture])} for k in range(6)
    ]
    frames = [pd.DataFrame(items).assign(distribution=[np.array(shares)] * 6) for shares in seeds]
    return BoardEntry(label, kind, frames)  # type: ignore[arg-type]


def of(own: dict[str, tuple[float, ...]], **facts: str) -> Variety:
    """Of a method beside a base that answers evenly."""
    boards = {name: [entry("base", name, FLAT), entry("own", name, own[name], **facts)] for name in own}
    base, found = varieties(boards, BOOT)
    assert base.label == "base" and base.differentiation in (0, pytest.approx(np.nan, nan_ok=True))
    return found


def test_people_copied_are_as_varied_as_people() -> None:
    own = of(PEOPLE)
    assert (own.label, own.cultures, own.items) == ("own", ("iraq", "china"), 6)
    assert own.diversity.value == pytest.approx(own.people_diversity)
    assert own.majority == pytest.approx(own.people_majority) == pytest.approx(0.7)
    assert own.options == pytest.approx(own.people_options) and own.differentiation == pytest.approx(1)


def test_even_answers_on_three_options_are_four_ninths_apart() -> None:
    flat = of(dict.fromkeys(PEOPLE, FLAT))
    assert flat.differentiation == 0 and flat.majority == pytest.approx(1 / 3)
    assert flat.diversity.value == pytest.approx((2 * 1 + 4 * 0.5) / 9)


def test_one_answer_for_all_is_flat_and_the_opposite_ends_a_caricature() -> None:
    one = (1.0, 0.0, 0.0)
    flat = of(dict.fromkeys(PEOPLE, one))
    assert (flat.diversity.value, flat.options, flat.differentiation) == (0, 1, 0)
    ends = of({"iraq": one, "china": one[::-1]})
    assert ends.diversity.value == 1 and ends.differentiation > 1 and ends.majority == 1


def test_seeds_are_averaged_and_single_cultures_left_out() -> None:
    iraq = entry("own", "iraq", (1.0, 0.0, 0.0), (0.4, 0.4, 0.2))
    assert varieties({"iraq": [iraq]}, BOOT) == []
    (both,) = varieties({"iraq": [iraq], "china": [entry("own", "china", PEOPLE["china"])]}, BOOT)
    assert both.majority == pytest.approx(0.7)


def test_controls_and_sanity_rows_are_no_methods() -> None:
    boards = {name: [entry(kind, name, FLAT, kind=kind) for kind in ("control", "reference")] for name in PEOPLE}
    assert varieties(boards, BOOT) == []


def test_items_of_other_options_are_left_out() -> None:
    iraq, china = (entry("own", name, PEOPLE[name]) for name in PEOPLE)
    china.frames[0].at[0, "survey"] = [0.5, 0.5]
    (found,) = varieties({"iraq": [iraq], "china": [china]}, BOOT)
    assert found.items == 5


def test_nominal_items_have_no_differentiation() -> None:
    own = of(PEOPLE, scale="nominal")
    assert np.isnan(own.differentiation)
    same = sum(a * b for a, b in zip(*PEOPLE.values(), strict=True))
    assert own.people_diversity == pytest.approx(1 - same)

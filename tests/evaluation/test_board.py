from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.board import (
    CEILING,
    MAJORITY,
    OTHERS,
    UNIFORM,
    Entry,
    Row,
    board,
    flat,
)
from alignbench.evaluation.score import uniform
from alignbench.evaluation.statistics import holm
from alignbench.evaluation.survey import SurveyBenchmark
from alignbench.types import Scale

from .worlds import item, survey

KNOBS = SurveyBenchmark(bootstrap=500)
RNG = np.random.default_rng(0)
ITEMS = [item(f"Q{i}", 3 + i % 3, f"b{i // 3}", Scale.nominal if i == 0 else Scale.ordinal) for i in range(24)]
SHARES = {c: {i.id: RNG.dirichlet(np.full(len(i.codes), 0.8)) for i in ITEMS} for c in ("IRQ", "CHN", "USA")}
WORLD = survey(ITEMS, SHARES)
TRUTH, FLAT = SHARES["IRQ"], uniform(WORLD, "IRQ")


def toward(target: dict[str, np.ndarray], weight: float) -> dict[str, np.ndarray]:
    return {q: weight * target[q] + (1 - weight) * FLAT[q] for q in FLAT}


MASS = dict.fromkeys(FLAT, 0.4)
BASE = Entry("base", "method", [toward(SHARES["USA"], 0.9)], "k0", [MASS], base=True)
METHOD = Entry("method", "method", [toward(TRUTH, 0.6), toward(TRUTH, 0.8)], "k1", [MASS, dict.fromkeys(FLAT, 0.6)])
WEAK = Entry("weak", "method", [toward(SHARES["USA"], 0.88)], "k2")
CONTROL = Entry("control", "control", [toward(SHARES["CHN"], 0.7)], "k3", own="method")
ROWS = {row.label: row for row in board([BASE, METHOD, WEAK, CONTROL], WORLD, "IRQ", KNOBS)}


def test_entries_keep_their_order_and_sanity_rows_follow() -> None:
    assert list(ROWS) == ["base", "method", "weak", "control", UNIFORM, MAJORITY, OTHERS, CEILING]
    assert [row.kind for row in ROWS.values()] == ["method"] * 3 + ["control"] + ["reference"] * 4


def test_every_row_counts_what_it_rests_on() -> None:
    assert {(row.items, row.batteries, row.note) for row in ROWS.values()} == {(24, 8, "")}
    assert {row.entropy_survey for row in ROWS.values()} == {ROWS["base"].entropy_survey}
    assert (ROWS["method"].seeds, ROWS["method"].key) == (2, "k1")


def test_skill_is_anchored_at_uniform_and_ceiling() -> None:
    assert ROWS[UNIFORM].skill == pytest.approx(0) and ROWS[CEILING].skill == pytest.approx(1)
    row, floor, top = ROWS["method"], ROWS[UNIFORM].score, ROWS[CEILING].score
    assert row.skill == pytest.approx((row.score - floor) / (top - floor))
    assert row.low < row.score < row.high and row.skill_low < row.skill < row.skill_high


def test_differences_are_to_the_base_and_own_minus_cross_for_the_control() -> None:
    assert ROWS["base"].difference is None and ROWS["base"].p_value is None
    for label in ("method", "weak", UNIFORM, CEILING):
        assert ROWS[label].difference == pytest.approx(ROWS[label].score - ROWS["base"].score)
    assert ROWS["control"].difference == pytest.approx(ROWS["method"].score - ROWS["control"].score)
    assert ROWS["control"].difference_low > 0


def test_p_values_are_corrected_over_methods_and_controls_only() -> None:
    tested = [row for row in ROWS.values() if row.p_raw is not None]
    assert [row.label for row in tested] == ["method", "weak", "control"]
    assert [row.p_value for row in tested] == pytest.approx(holm([row.p_raw for row in tested]))


def test_seeds_are_averaged_and_their_spread_is_reported() -> None:
    single = [
        board([replace(METHOD, distributions=[d], masses=[])], WORLD, "IRQ", KNOBS)[0] for d in METHOD.distributions
    ]
    scores = [row.score for row in single]
    assert ROWS["method"].score == pytest.approx(np.mean(scores))
    assert ROWS["method"].seed_spread == pytest.approx(np.std(scores, ddof=1))
    assert single[0].seed_spread is None and single[0].difference is None


def test_masses_of_models_only() -> None:
    assert ROWS["method"].option_mass == pytest.approx(0.5) and ROWS["base"].option_mass == pytest.approx(0.4)
    assert ROWS[UNIFORM].option_mass is None


def test_other_countries_hold_only_shared_items() -> None:
    alone = survey(ITEMS, {"IRQ": TRUTH, "CHN": {q: SHARES["CHN"][q] for q in list(FLAT)[:18]}})
    rows = {row.label: row for row in board([BASE], alone, "IRQ", KNOBS)}
    assert (rows[OTHERS].items, rows[OTHERS].batteries, rows[UNIFORM].items) == (18, 6, 24)
    lonely = board([BASE], survey(ITEMS, {"IRQ": TRUTH}), "IRQ", KNOBS)
    assert [row.label for row in lonely] == ["base", UNIFORM, MAJORITY, CEILING]


def test_items_of_one_battery_give_a_note_and_no_interval() -> None:
    row = board([BASE, METHOD], WORLD.restrict(["b1"]), "IRQ", KNOBS)[1]
    assert row.items == 3 and "1 battery" in row.note
    assert (row.low, row.difference_low, row.p_value) == (None, None, None)
    assert row.difference is not None


def test_nominal_items_alone_have_no_wasserstein() -> None:
    nominal = replace(WORLD, items=tuple(replace(i, scale=Scale.nominal) for i in ITEMS))
    assert board([BASE], nominal, "IRQ", KNOBS)[0].wasserstein is None
    assert 0 < ROWS["base"].wasserstein < 1


def test_a_flat_row_holds_texts_and_numbers_alone() -> None:
    row = replace(ROWS["method"], formats={"forward": 0.8})
    found = flat(row)
    assert all(value is None or isinstance(value, str | int | float) for value in found.values())
    assert Row(**{**found, "formats": json.loads(found["formats"])}) == row


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([BASE, replace(METHOD, base=True)], "only one"),
        ([BASE, BASE], "label of its own"),
        ([replace(BASE, distributions=[])], "no seed"),
        ([replace(METHOD, masses=[MASS])], "2 seeds"),
        ([BASE, CONTROL], "control controls"),
        ([replace(BASE, distributions=[{}])], "Q0"),
    ],
)
def test_wrong_entries_are_refused(entries: list[Entry], message: str) -> None:
    with pytest.raises(AlignbenchError, match=message):
        board(entries, WORLD, "IRQ", KNOBS)

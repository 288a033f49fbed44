from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.board import (
    CEILING,
    MAJORITY,
    OTHERS,
    UNIFORM,
    Row,
    flat,
    rows,
)
from alignbench.evaluation.items import ITEMS as ITEMS_FILE
from alignbench.evaluation.items import load, pool_seeds, to_table
from alignbench.evaluation.score import score_items, uniform
from alignbench.evaluation.statistics import holm
from alignbench.evaluation.survey import Scoring
from alignbench.types import Scale

from .worlds import Entry, board, item, scored, survey

KNOBS = Scoring(bootstrap=500)
RNG = np.random.default_rng(0)
ITEMS = [item(f"Q{i}", 3 + i % 3, f"b{i // 3}", Scale.nominal if i == 0 else Scale.ordinal) for i in range(24)]
SHARES = {c: {i.id: RNG.dirichlet(np.full(len(i.codes), 0.8)) for i in ITEMS} for c in ("IRQ", "CHN", "USA")}
WORLD = survey(ITEMS, SHARES)
TRUTH, FLAT = SHARES["IRQ"], uniform(WORLD, "IRQ")


def toward(target: dict[str, np.ndarray], weight: float) -> dict[str, np.ndarray]:
    return {q: weight * target[q] + (1 - weight) * FLAT[q] for q in FLAT}


MASS = dict.fromkeys(FLAT, 0.4)
BASE = Entry("base", "base", [toward(SHARES["USA"], 0.9)], "k0", [MASS])
METHOD = Entry(
    "method", "method", [toward(TRUTH, 0.6), toward(TRUTH, 0.8)], "k1", [MASS, dict.fromkeys(FLAT, 0.6)], "method"
)
WEAK = Entry("weak", "method", [toward(SHARES["USA"], 0.88)], "k2", method="weak")
CONTROL = Entry("control", "control", [toward(SHARES["CHN"], 0.7)], "k3", method="method", country="China")
PROMPTED = Entry("prompted", "prompted", [toward(TRUTH, 0.3)], "k4", method="method")
PROMPTED_CONTROL = Entry(
    "prompted control", "prompted_control", [toward(SHARES["CHN"], 0.3)], "k5", method="method", country="China"
)
ROWS = {row.label: row for row in board([BASE, METHOD, WEAK, CONTROL], WORLD, "IRQ", KNOBS, control="CHN")}
ALL = [BASE, METHOD, PROMPTED, CONTROL, PROMPTED_CONTROL]
PROMPTED_ROWS = {row.label: row for row in board(ALL, WORLD, "IRQ", KNOBS, control="CHN")}


def test_entries_keep_their_order_and_sanity_rows_follow() -> None:
    assert list(ROWS) == ["base", "method", "weak", "control", UNIFORM, MAJORITY, OTHERS, CEILING]
    assert [row.kind for row in ROWS.values()] == ["base", "method", "method", "control"] + ["reference"] * 4


def test_every_row_counts_what_it_rests_on() -> None:
    assert {(row.items, row.batteries) for row in ROWS.values()} == {(24, 8)}
    assert {label for label, row in ROWS.items() if row.note} == {"method"} and "two seeds" in ROWS["method"].note
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
    assert (ROWS["method"].against, ROWS["control"].against, ROWS["base"].against) == ("base", "method", None)


def test_a_method_with_a_prompted_row_is_compared_with_that_and_the_prompted_row_with_the_base() -> None:
    own, prompted, base = (PROMPTED_ROWS[label] for label in ("method", "prompted", "base"))
    assert (own.against, prompted.against, PROMPTED_ROWS["prompted control"].against) == ("prompted", "base", "base")
    assert own.difference == pytest.approx(own.score - prompted.score)
    assert own.plain == pytest.approx(own.score - base.score) and own.plain_low < own.plain < own.plain_high
    assert prompted.difference == pytest.approx(prompted.score - base.score) and prompted.plain is None
    assert ROWS["method"].plain is None


def by_hand(own: Entry, cross: Entry) -> float:
    """The interaction of the first seed, cell by cell."""
    models = {"IRQ": own.distributions[0], "CHN": cross.distributions[0]}
    score = {(m, c): score_items(models[m], None, WORLD, c, KNOBS)["js"].mean() for m in models for c in models}
    return (score["IRQ", "IRQ"] + score["CHN", "CHN"] - score["IRQ", "CHN"] - score["CHN", "IRQ"]) / 2


def test_specificity_is_the_interaction_less_that_of_the_rows_given_the_same_prompt() -> None:
    one = replace(METHOD, distributions=METHOD.distributions[:1], masses=())
    rows = {row.label: row for row in board([BASE, one, CONTROL], WORLD, "IRQ", KNOBS, control="CHN")}
    assert rows["method"].specificity == pytest.approx(by_hand(one, CONTROL))
    assert rows["method"].specificity_low > 0 and rows["method"].specificity_items == 24
    assert rows["method"].specificity_detectable > 0
    prompted = {row.label: row for row in board([BASE, one, *ALL[2:]], WORLD, "IRQ", KNOBS, control="CHN")}
    assert prompted["method"].specificity == pytest.approx(by_hand(one, CONTROL) - by_hand(PROMPTED, PROMPTED_CONTROL))
    assert ROWS["weak"].specificity is None and ROWS["control"].specificity is None


def test_weights_that_learnt_nothing_have_no_difference_and_no_specificity() -> None:
    idle = [
        replace(PROMPTED, label="method", kind="method"),
        replace(PROMPTED_CONTROL, label="control", kind="control"),
    ]
    row = board([BASE, idle[0], PROMPTED, idle[1], PROMPTED_CONTROL], WORLD, "IRQ", KNOBS, control="CHN")[1]
    assert (row.difference, row.difference_low, row.difference_high) == (0, 0, 0)
    assert (row.specificity, row.specificity_low, row.specificity_high) == (0, 0, 0)
    assert row.plain > 0.05, "although its prompt brings it much closer than the unprompted base"


def test_the_interaction_rests_on_items_asked_in_both_countries() -> None:
    partly = survey(ITEMS, {**SHARES, "CHN": {q: SHARES["CHN"][q] for q in list(FLAT)[:18]}})
    row = board([BASE, METHOD, CONTROL], partly, "IRQ", KNOBS, control="CHN")[1]
    assert (row.items, row.specificity_items) == (24, 18)
    apart = survey(
        ITEMS, {"IRQ": {q: TRUTH[q] for q in list(FLAT)[:12]}, "CHN": {q: TRUTH[q] for q in list(FLAT)[12:]}}
    )
    assert board([BASE, METHOD, CONTROL], apart, "IRQ", KNOBS, control="CHN")[1].specificity is None
    assert board([BASE, METHOD, CONTROL], WORLD, "IRQ", KNOBS)[1].specificity is None


def test_differences_and_specificities_of_methods_are_corrected_each_as_a_family() -> None:
    rival = replace(METHOD, label="rival", method="rival")
    rows = board(
        [BASE, METHOD, rival, CONTROL, replace(CONTROL, label="x", method="rival")], WORLD, "IRQ", KNOBS, "CHN"
    )
    for raw, corrected in (("p_raw", "p_value"), ("specificity_p_raw", "specificity_p")):
        tested = [row for row in rows if getattr(row, corrected) is not None]
        assert [row.label for row in tested] == ["method", "rival"]
        assert [getattr(r, corrected) for r in tested] == pytest.approx(holm([getattr(r, raw) for r in tested]))
    assert rows[3].p_raw is not None and rows[0].p_raw is None


def test_scores_are_kept_in_a_table_with_those_on_the_controls_survey(tmp_path: Path) -> None:
    entries = [replace(METHOD, distributions=METHOD.distributions[:1], masses=()), BASE, *ALL[2:]]
    kept = scored(entries, WORLD, "IRQ", KNOBS, control="CHN")
    to_table(kept).to_parquet(tmp_path / ITEMS_FILE, index=False)
    again = load(tmp_path)
    assert rows(again, KNOBS.resampling) == rows(kept, KNOBS.resampling)
    assert rows(again, KNOBS.resampling)[0].specificity is not None


def test_seeds_are_paired_whatever_their_order_and_only_those_that_both_ran() -> None:
    def at(entry: Entry, weight: float) -> Entry:
        return replace(entry, distributions=[toward(TRUTH, weight)], masses=(), key=f"{entry.label} {weight}")

    def rows_of(own: float, prompted: float | None) -> list[Entry]:
        same = [] if prompted is None else [replace(at(METHOD, prompted), label="prompted", kind="prompted")]
        return [BASE, at(METHOD, own), *same]

    seeds = {3: (0.2, 0.3), 1: (0.6, None), 5: (0.4, 0.7)}
    boards = {seed: scored(rows_of(*weights), WORLD, "IRQ", KNOBS) for seed, weights in seeds.items()}
    pooled = {entry.label: entry for entry in pool_seeds(boards)}
    assert (pooled["method"].seeds, pooled["prompted"].seeds, pooled["base"].seeds) == ((1, 3, 5), (3, 5), ())
    found = {row.label: row for row in rows(list(pooled.values()), KNOBS.resampling)}
    by_seed = {
        seed: {row.label: row.score for row in rows(kept, KNOBS.resampling)}
        for seed, kept in boards.items()
        if seed > 1
    }
    expected = np.mean([scores["method"] - scores["prompted"] for scores in by_seed.values()])
    assert found["method"].difference == pytest.approx(expected)
    assert (found["method"].seeds, found["base"].seeds) == (3, 1)


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
    found = {row.label: row for row in board([BASE], alone, "IRQ", KNOBS)}
    assert (found[OTHERS].items, found[OTHERS].batteries, found[UNIFORM].items) == (18, 6, 24)
    lonely = board([BASE], survey(ITEMS, {"IRQ": TRUTH}), "IRQ", KNOBS)
    assert [row.label for row in lonely] == ["base", UNIFORM, MAJORITY, CEILING]


def test_a_warning_of_the_specificity_alone_is_named() -> None:
    partly = survey(ITEMS, {**SHARES, "CHN": {q: SHARES["CHN"][q] for q in list(FLAT)[:9]}})
    single = replace(METHOD, distributions=METHOD.distributions[:1], masses=())
    row = board([BASE, single, CONTROL], partly, "IRQ", KNOBS, control="CHN")[1]
    assert row.note == "specificity: only 3 batteries: the interval is too narrow to rely on"


def test_items_of_one_battery_give_a_note_and_no_interval() -> None:
    row = board([BASE, METHOD], WORLD.restrict(["b1"]), "IRQ", KNOBS)[1]
    assert row.items == 3 and "1 battery" in row.note
    assert (row.low, row.difference_low, row.p_value) == (None, None, None)
    assert row.difference is not None


def test_nominal_items_alone_have_no_wasserstein() -> None:
    nominal = replace(WORLD, items=tuple(replace(i, scale=Scale.nominal) for i in ITEMS))
    assert board([BASE], nominal, "IRQ", KNOBS)[0].means["wasserstein"] is None
    assert 0 < ROWS["base"].means["wasserstein"] < 1


def test_a_flat_row_holds_texts_and_numbers_alone() -> None:
    row = replace(ROWS["method"], formats={"forward": 0.8})
    found = flat(row)
    assert all(value is None or isinstance(value, str | int | float) for value in found.values())
    means = {name: found.pop(name) for name in row.means}
    assert Row(**{**found, "formats": json.loads(found["formats"]), "means": means}) == row


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([BASE, replace(BASE, label="other")], "only one"),
        ([BASE, BASE], "its own label"),
        ([BASE, CONTROL], "control must name the method"),
        ([BASE, replace(METHOD, method="weak"), WEAK], "method must name the method"),
        ([replace(BASE, method="weak"), WEAK], "base must name the method"),
        ([replace(BASE, distributions=[{}])], "Q0"),
    ],
)
def test_wrong_entries_are_refused(entries: list[Entry], message: str) -> None:
    with pytest.raises(AlignbenchError, match=message):
        board(entries, WORLD, "IRQ", KNOBS)

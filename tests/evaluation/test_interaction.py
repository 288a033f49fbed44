"""The interaction of model and survey: what it holds, what cancels, and many cultures at once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from alignbench.evaluation.interaction import Interaction, c_dist, interaction
from alignbench.evaluation.statistics import Bootstrap, paired

BOOT = Bootstrap(resamples=500)
CULTURES = ("IRQ", "CHN", "USA")
ITEMS = [f"Q{k}" for k in range(24)]
BATTERIES = {item: f"b{k // 3}" for k, item in enumerate(ITEMS)}
RNG = np.random.default_rng(0)
SCORES = {m: {s: dict(zip(ITEMS, RNG.uniform(0.5, 1, 24), strict=True)) for s in CULTURES} for m in CULTURES}


def of(scores, cultures=CULTURES) -> Interaction:
    found = interaction({m: {s: scores[m][s] for s in cultures} for m in cultures}, BATTERIES, BOOT)
    assert found is not None
    return found


def by_item(one: str, other: str) -> np.ndarray:
    cells = [np.array(list(SCORES[m][s].values())) for m in (one, other) for s in (one, other)]
    return (cells[0] + cells[3] - cells[1] - cells[2]) / 2


def test_of_two_cultures_it_is_own_minus_cross_averaged_over_both_surveys() -> None:
    found, values = of(SCORES, ("IRQ", "CHN")), by_item("IRQ", "CHN")
    one = paired(values, np.zeros(24), list(BATTERIES.values()), BOOT)
    assert (found.value, found.low, found.high) == pytest.approx((one.value, one.low, one.high))
    assert (found.p_value, found.detectable) == pytest.approx((one.p_value, one.detectable))
    assert (found.items, found.pairs, found.batteries) == (24, 1, 8)


def test_what_a_model_gains_everywhere_and_what_makes_a_survey_easy_cancel() -> None:
    gains = {m: RNG.uniform(-0.3, 0.3, 24) for m in CULTURES}
    ease = {s: RNG.uniform(-0.3, 0.3, 24) for s in CULTURES}
    moved = {
        m: {
            s: {item: score + gains[m][k] + ease[s][k] for k, (item, score) in enumerate(row.items())}
            for s, row in rows.items()
        }
        for m, rows in SCORES.items()
    }
    before, after = of(SCORES), of(moved)
    assert (after.value, after.low, after.high) == pytest.approx((before.value, before.low, before.high))


def test_of_many_cultures_it_is_the_mean_over_pairs_and_a_battery_is_one_cluster() -> None:
    found = of(SCORES)
    means = np.mean([by_item(*pair) for pair in combinations(CULTURES, 2)], axis=0)
    one = paired(means, np.zeros(24), list(BATTERIES.values()), BOOT)
    assert (found.value, found.low, found.high) == pytest.approx((one.value, one.low, one.high))
    assert (found.pairs, found.batteries) == (3, 8)


def test_a_pair_rests_on_the_items_asked_in_both_and_counts_as_much_as_any_other() -> None:
    partly = {
        m: {s: {q: v for q, v in row.items() if s != "USA" or q in ITEMS[:6]} for s, row in rows.items()}
        for m, rows in SCORES.items()
    }
    found = of(partly)
    means = [by_item("IRQ", "CHN").mean(), by_item("IRQ", "USA")[:6].mean(), by_item("CHN", "USA")[:6].mean()]
    assert found.value == pytest.approx(np.mean(means)) and (found.items, found.pairs) == (24, 3)


def test_seeds_are_paired_over_all_models_and_widen_the_interval() -> None:
    shifts = np.array([-0.1, 0.0, 0.1])
    seeded = {
        m: {s: {q: v + shifts * (1 if m == s else -1) for q, v in row.items()} for s, row in rows.items()}
        for m, rows in SCORES.items()
    }
    alone, found = of(SCORES), of(seeded)
    assert found.value == pytest.approx(alone.value)
    assert found.high - found.low > 1.5 * (alone.high - alone.low)
    shared = {m: {s: {q: v + shifts for q, v in row.items()} for s, row in rows.items()} for m, rows in SCORES.items()}
    assert of(shared).high == pytest.approx(alone.high), "what a seed moves everywhere cancels"


def test_cultures_that_share_no_item_have_none() -> None:
    apart = {m: {s: {f"{s} {q}": v for q, v in row.items()} for s, row in rows.items()} for m, rows in SCORES.items()}
    assert interaction(apart, BATTERIES, BOOT) is None


def test_c_dist_by_hand_is_own_over_the_best_model_of_each_survey() -> None:
    # Model -> survey -> scores: on "a" the own model reaches .6 of .8, on "b" and "c" no other one does better.
    scores = {
        "a": {"a": {"q": 0.5, "r": 0.7}, "b": {"q": 0.5}, "c": {"q": 0.2}},
        "b": {"a": {"q": 0.9, "r": 0.7}, "b": {"q": 0.9}, "c": {"q": 0.3}},
        "c": {"a": {"q": 0.1, "r": 0.5, "only here": 1.0}, "b": {"q": 0.45}, "c": {"q": [0.3, 0.5]}},
    }
    assert c_dist(scores) == pytest.approx((0.6 / 0.8 + 1 + 1) / 3)
    assert c_dist({"a": {"a": {"q": 0.5}}}) is None
    assert c_dist({"a": {"a": {"q": 0.5}, "b": {}}, "b": {"a": {}, "b": {"q": 0.5}}}) is None

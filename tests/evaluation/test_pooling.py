"""Figures over cultures: their value, what their interval covers, and what an effect must be to be found."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import isnan

import numpy as np
import pytest

from alignbench.data.world.lexicon import lexicon
from alignbench.data.world.population import populate
from alignbench.evaluation.interaction import interaction
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.pooling import ENOUGH, Pooled, pooled_interaction, pooled_mean
from alignbench.evaluation.statistics import Bootstrap, weighted
from alignbench.types import Split

BOOT = Bootstrap(resamples=500)
NINE = tuple(f"culture {k}" for k in range(9))
ITEMS = [f"Q{k}" for k in range(24)]
BATTERIES = {item: f"b{k // 3}" for k, item in enumerate(ITEMS)}
RNG = np.random.default_rng(0)
SCORES, PEOPLE = (RNG.uniform(0.5, 1, (9, 9, 24)) for _ in range(2))
PEOPLE[range(9), range(9)] = 1.0


def table(scores: np.ndarray, items=ITEMS, n: int = 9):
    """Model -> survey -> item -> score, of the first ``n`` cultures."""
    return {NINE[m]: {NINE[s]: dict(zip(items, scores[m, s], strict=True)) for s in range(n)} for m in range(n)}


def of(scores=SCORES, people=PEOPLE, n: int = 9) -> Pooled:
    found = pooled_interaction(table(scores, n=n), table(people, n=n), BATTERIES, BOOT)
    assert found is not None
    return found


@pytest.mark.parametrize("n", [2, ENOUGH - 1, ENOUGH, 9])
def test_its_value_is_the_interactions_and_below_five_cultures_its_interval_too(n: int) -> None:
    found, plain = of(n=n), interaction(table(SCORES, n=n), BATTERIES, BOOT)
    assert found.value == pytest.approx(plain.value)
    assert (found.items, found.pairs, found.batteries) == (plain.items, plain.pairs, plain.batteries)
    same = (found.low, found.high, found.p_value) == pytest.approx((plain.low, plain.high, plain.p_value))
    assert found.two_way is (n >= ENOUGH) and same is not found.two_way


def test_rows_are_pseudo_values_of_leaving_a_culture_out() -> None:
    def value(left_out: tuple[int, ...]) -> np.ndarray:
        pairs = [p for p in combinations(range(9), 2) if not set(p) & set(left_out)]
        return np.mean([(SCORES[a, a] + SCORES[b, b] - SCORES[a, b] - SCORES[b, a]) / 2 for a, b in pairs], axis=0)

    pseudo = [9 * value(()) - 8 * value((c,)) for c in range(9)]
    by_hand = weighted(np.array(pseudo) / 24, np.full(24, 1 / 24), list(BATTERIES.values()), BOOT)
    found = of()
    assert (found.value, found.low, found.high) == pytest.approx((by_hand.value, by_hand.low, by_hand.high))


def test_a_pair_that_shares_no_item_leaves_the_value_alone() -> None:
    scores = table(SCORES)
    asked = {NINE[0]: ITEMS[:12], NINE[1]: ITEMS[12:]}
    less = {
        m: {s: {i: v for i, v in row.items() if i in asked.get(s, ITEMS)} for s, row in scores[m].items()}
        for m in scores
    }
    found, plain = pooled_interaction(less, table(PEOPLE), BATTERIES, BOOT), interaction(less, BATTERIES, BOOT)
    assert (
        found
        and plain
        and (found.value, found.pairs) == (pytest.approx(plain.value), plain.pairs)
        and found.pairs == 35
    )


def test_what_could_be_seen_does_not_grow_with_what_was_found() -> None:
    quiet = 0.6 + 0.01 * SCORES
    least = of(quiet).detectable
    assert 0 < least < 0.01
    for share in (0.1, 1.0):
        found = of(quiet + share * PEOPLE)
        assert found.detectable == pytest.approx(least, rel=1e-3) and found.value > 10 * share * least


def test_where_nothing_can_be_seen_no_size_is_named() -> None:
    assert isnan(of(people=np.ones((9, 9, 24))).detectable), "peoples that answer alike"
    assert isnan(of(PEOPLE).detectable), "answers that leave no noise"


def test_a_mean_counts_every_culture_the_same_whatever_it_was_asked() -> None:
    figures = {NINE[0]: dict.fromkeys(ITEMS, 1.0), NINE[1]: dict.fromkeys(ITEMS[:3], 0.0)}
    found = pooled_mean(figures, BATTERIES, BOOT)
    assert (found.value, found.items, found.pairs, found.two_way) == (0.5, 24, 0, False)


def test_a_mean_over_cultures_that_differ_is_less_sure_than_over_questions_alone() -> None:
    figures = {c: {i: 0.1 * k + 0.01 * RNG.normal() for i in ITEMS} for k, c in enumerate(NINE)}
    both = pooled_mean(figures, BATTERIES, BOOT)
    few = pooled_mean({c: figures[c] for c in NINE[: ENOUGH - 1]}, BATTERIES, BOOT)
    assert both.two_way and both.high - both.low > 10 * (few.high - few.low)


SURVEYS = 200


def survey(number: int) -> tuple[dict[float, np.ndarray], np.ndarray, list[str]]:
    """Share of its culture that a model has learnt -> scores of nine models on nine surveys; the same of the peoples.

    Nine countries are redrawn, each in one of the zones, and ten batteries of two questions. A model answers in
    part as all countries do, in part as its own, and to .3 by an error of its own.
    """
    rng, words, world = np.random.default_rng(number), lexicon(), populate(number, 20, 2, number)
    zones = np.array([words.zones[place.zone] for place in words.countries])
    traits = zones[rng.integers(20, size=9)] + rng.normal(0, 0.35, (9, zones.shape[1]))
    drawn = replace(
        world, countries=words.countries[:9], traits=traits, margins=world.margins[rng.integers(20, size=9)]
    )
    asked = [k for k, item in enumerate(drawn.items) if drawn.splits[item.battery] is Split.test]
    people, models = [], {0.0: [], 0.3: [], 1.0: []}
    for k in asked:
        truth = drawn.truth[k]
        error = 0.3 * rng.dirichlet(np.full(truth.shape[1], 0.8), 9)
        people.append(js_similarity(truth[:, None], truth))
        for share, scores in models.items():
            own = share * truth + (1 - share) * truth.mean(axis=0)
            scores.append(js_similarity((0.7 * own + error)[:, None], truth))
    stacked = {share: np.stack(scores, axis=-1) for share, scores in models.items()}
    return stacked, np.stack(people, axis=-1), [drawn.items[k].battery for k in asked]


@pytest.fixture(scope="module")
def surveys():
    return [survey(number) for number in range(1, SURVEYS + 1)]


def found_in(scores: np.ndarray, people: np.ndarray, batteries: list[str], boot: Bootstrap = BOOT) -> Pooled:
    items = [f"Q{k}" for k in range(len(batteries))]
    named = dict(zip(items, batteries, strict=True))
    found = pooled_interaction(table(scores, items), table(people, items), named, boot)
    assert found is not None
    return found


@pytest.mark.long
def test_intervals_hold_the_truth_over_other_questions_and_other_cultures(surveys) -> None:
    """Shares of 200 redrawn surveys of nine redrawn countries whose 95 % interval holds the mean over all of them.

    ``pytest tests/evaluation/test_pooling.py -m long -s`` prints them.
    """
    held, alone = {}, {}
    for share in (0.0, 0.3, 1.0):
        found = [found_in(scores[share], people, batteries) for scores, people, batteries in surveys]
        means = [
            pooled_mean({c: dict(enumerate(scores[share][k, k])) for k, c in enumerate(NINE)}, dict(enumerate(b)), BOOT)
            for scores, _, b in surveys
        ]
        by_battery = [
            interaction(table(scores[share], range(20)), dict(enumerate(b)), BOOT) for scores, _, b in surveys
        ]
        for name, figures in (("specificity", found), ("mean", means)):
            truth = np.mean([one.value for one in figures])
            held[name, share] = float(np.mean([one.low <= truth <= one.high for one in figures]))
        truth = np.mean([one.value for one in by_battery])
        alone[share] = float(np.mean([one.low <= truth <= one.high for one in by_battery]))
    print(f"\ntwo-way {held}\nbatteries alone {alone}")
    assert 0.93 <= np.mean(list(held.values())) <= 0.97, held
    assert all(0.91 <= share <= 0.98 for share in held.values()), held
    assert alone[1.0] < 0.9, "batteries alone do not cover the choice of cultures"


@pytest.mark.long
def test_an_effect_of_the_detectable_size_is_found_four_times_out_of_five(surveys) -> None:
    """Effects follow the peoples, and are as large as the median minimum detectable effect of those surveys."""
    none = [found_in(scores[0.0], people, batteries) for scores, people, batteries in surveys]
    size = float(np.nanmedian([one.detectable for one in none]))
    whole = np.mean([found_in(people, people, batteries).value for _, people, batteries in surveys])
    larger = [found_in(s[0.0] + size / whole * people, people, b, Bootstrap()) for s, people, b in surveys]
    found = float(np.mean([one.low > 0 for one in larger]))
    strong = float(np.nanmedian([found_in(s[1.0], people, b).detectable for s, people, b in surveys]))
    print(f"\nminimum detectable effect {size:.4f}, found {found:.3f}; of models that learnt all {strong:.4f}")
    assert 0.74 <= found <= 0.86, found
    assert size < 0.012 and strong < 1.3 * size

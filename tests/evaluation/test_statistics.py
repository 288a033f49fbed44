from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats

from alignbench.errors import AlignbenchError
from alignbench.evaluation.statistics import (
    POWER,
    Bootstrap,
    Interval,
    holm,
    interval,
    paired,
    seed_spread,
    skill,
)

BOOT = Bootstrap(resamples=4000)
RNG = np.random.default_rng(7)
VALUES = RNG.uniform(0.5, 1.0, 40)
CLUSTERS = [f"b{i // 4}" for i in range(40)]


def studentised(values: list[float], clusters: list[str], draws: list[tuple[str, ...]], level: float) -> list[float]:
    """The textbook form, resample by resample: cluster-robust error of a ratio of sums, then quantiles of t."""

    def estimate(drawn: tuple[str, ...]) -> tuple[float, float]:
        groups = [[v for v, c in zip(values, clusters, strict=True) if c == name] for name in drawn]
        n = sum(map(len, groups))
        mean = sum(map(sum, groups)) / n
        squares = sum((sum(g) - len(g) * mean) ** 2 for g in groups)
        return mean, math.sqrt(len(groups) / (len(groups) - 1) * squares) / n

    mean, error = estimate(tuple(dict.fromkeys(clusters)))
    t = []
    for drawn in draws:
        m, e = estimate(drawn)
        t.append((m - mean) / e if e > 1e-12 else math.copysign(math.inf, m - mean))
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    return [mean - high * error, mean - low * error]


def test_unequal_batteries_agree_with_full_enumeration() -> None:
    batteries = {"a": [0.0, 0.1], "b": [0.5], "c": [0.9, 1.0, 0.8], "d": [0.3], "e": [0.6, 0.2]}
    values = [v for vs in batteries.values() for v in vs]
    clusters = [name for name, vs in batteries.items() for _ in vs]
    found = interval(values, clusters, Bootstrap(resamples=50000, confidence=0.8))
    assert [found.low, found.high] == pytest.approx(
        studentised(values, clusters, list(product(batteries, repeat=5)), 0.8), abs=0.01
    )


def test_of_normal_means_the_interval_is_students() -> None:
    values = np.random.default_rng(0).normal(0, 1, 12)
    found = interval(values, [str(i) for i in range(12)], Bootstrap(resamples=100_000))
    expected = stats.t.interval(0.95, 11, loc=values.mean(), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.15)
    assert found.high - found.low > 1.1 * 2 * 1.96 * stats.sem(values)


def test_order_of_items_does_not_matter() -> None:
    order = RNG.permutation(40)
    shuffled = interval(VALUES[order], [CLUSTERS[i] for i in order], BOOT)
    first = interval(VALUES, CLUSTERS, BOOT)
    assert (shuffled.value, shuffled.low, shuffled.high) == pytest.approx((first.value, first.low, first.high))


def test_shift_and_scale_carry_over() -> None:
    first, moved = interval(VALUES, CLUSTERS, BOOT), interval(3 * VALUES - 1, CLUSTERS, BOOT)
    assert (moved.value, moved.low, moved.high) == pytest.approx(
        [3 * x - 1 for x in (first.value, first.low, first.high)]
    )


def test_two_seeds_that_agree_change_nothing_and_those_that_do_not_widen_the_interval() -> None:
    alone, same = interval(VALUES, CLUSTERS, BOOT), interval(np.stack([VALUES, VALUES]), CLUSTERS, BOOT)
    assert (same.low, same.high) == (alone.low, alone.high)
    seeds = np.stack([VALUES - 0.1, VALUES + 0.1])
    apart = interval(seeds, CLUSTERS, BOOT)
    assert apart.value == pytest.approx(alone.value)
    assert apart.low < alone.low - 0.5 and apart.high > alone.high + 0.5, "one degree of freedom: t is 12.7"
    assert "two seeds" in apart.note and not same.note and not interval([*seeds, VALUES], CLUSTERS, BOOT).note
    assert seed_spread(seeds) == pytest.approx(0.2 / math.sqrt(2))
    assert math.isnan(seed_spread(VALUES))


def test_the_part_of_the_seeds_is_that_of_the_two_way_formula() -> None:
    """Cameron, Gelbach and Miller's V_batteries + V_seeds - V_both of equal batteries, written out."""
    seeds = np.random.default_rng(4).normal(0, 1, (3, 10)) + np.array([[-0.8], [0.1], [0.9]])
    n, s = 10, 3
    batteries, means = seeds.mean(axis=0), seeds.mean(axis=1)
    both = ((seeds - batteries - means[:, None] + seeds.mean()) ** 2).sum() / ((n - 1) * (s - 1)) / (n * s)
    parts = batteries.var(ddof=1) / n, means.var(ddof=1) / s - both
    found = paired(seeds, np.zeros((3, 10)), [str(k) for k in range(10)], Bootstrap(50))
    pooled = sum(parts) ** 2 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (s - 1))
    batteries_t, seeds_t, pooled_t = (stats.t.ppf(0.975, df) + stats.t.ppf(POWER, df) for df in (n - 1, s - 1, pooled))
    cochran = (batteries_t * parts[0] + seeds_t * parts[1]) / sum(parts)
    expected = (cochran + pooled_t) / 2 * math.sqrt(sum(parts))
    assert parts[1] > 0 and found.detectable == pytest.approx(expected)


def test_of_several_seeds_p_value_and_interval_say_the_same() -> None:
    rng = np.random.default_rng(12)
    for effect in (0.0, 0.15, 0.3, 0.6, 2.0):
        seeds = rng.normal(effect, 0.5, (3, 40)) + rng.normal(0, 0.1, (3, 1))
        found = paired(seeds, np.zeros(40), CLUSTERS, BOOT)
        assert (not found.low <= 0 <= found.high) == (found.p_value < 0.05) and 0 < found.p_value <= 1


def test_a_difference_within_seeds_needs_the_same_seeds() -> None:
    shifts = np.array([[0.3], [-0.2], [0.1]])
    found = paired(VALUES + shifts + 0.05, VALUES + shifts, CLUSTERS, BOOT)
    assert (found.low, found.high) == pytest.approx((0.05, 0.05)), "what a seed moves on both sides cancels"
    with pytest.raises(AlignbenchError, match="same seeds"):
        paired(VALUES + shifts, np.stack([VALUES, VALUES]), CLUSTERS, BOOT)


def test_bounds_end_where_the_figure_does() -> None:
    found = Interval(0.9, -0.2, 1.064, 3).within(0, 1)
    assert (found.value, found.low, found.high) == (0.9, 0, 1)
    assert math.isnan(Interval(0.9, math.nan, math.nan, 1).within(0, 1).low)


def test_interval_covers_the_true_mean_where_the_naive_one_does_not() -> None:
    rng = np.random.default_rng(3)
    boot, covered, naive = Bootstrap(resamples=400), 0, 0
    for _ in range(200):
        values = (rng.normal(0, 1, 30)[:, None] + rng.normal(0, 0.3, (30, 6))).ravel()
        found = interval(values, [f"b{i // 6}" for i in range(180)], boot)
        covered += found.low <= 0 <= found.high
        alone = interval(values, [str(i) for i in range(180)], boot)
        naive += alone.low <= 0 <= alone.high
    assert 0.92 <= covered / 200 <= 0.98
    assert naive / 200 < 0.75


def test_paired_cancels_what_both_share() -> None:
    noisy = VALUES + RNG.normal(0, 5, 40)
    found = paired(noisy + 0.1, noisy, CLUSTERS, BOOT)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.p_value == pytest.approx(2 / (BOOT.resamples + 1))


def test_paired_p_value_and_interval_say_the_same() -> None:
    rng = np.random.default_rng(11)
    for effect in (0.0, 0.1, 0.2, 0.3, 0.6):
        found = paired(rng.normal(effect, 0.5, 40), np.zeros(40), CLUSTERS, BOOT)
        excluded = not found.low <= 0 <= found.high
        assert excluded == (found.p_value < 0.05)


def test_p_value_of_normal_differences_is_students() -> None:
    values = np.random.default_rng(2).normal(0.5, 1, 12)
    for shift in (0.0, 0.3, 0.6):
        found = paired(values, np.full(12, shift), [str(i) for i in range(12)], Bootstrap(resamples=50_000))
        assert found.p_value == pytest.approx(stats.ttest_1samp(values, shift).pvalue, rel=0.45)


def test_p_values_are_about_uniform_without_an_effect() -> None:
    rng = np.random.default_rng(5)
    clusters = [f"b{i // 2}" for i in range(80)]
    p = [paired(rng.normal(0, 1, 80), np.zeros(80), clusters, Bootstrap(400)).p_value for _ in range(200)]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.12
    assert 0.4 <= np.mean(p) <= 0.6


def test_paired_is_antisymmetric_and_one_for_equals() -> None:
    other = VALUES[::-1].copy()
    there, back = paired(VALUES, other, CLUSTERS, BOOT), paired(other, VALUES, CLUSTERS, BOOT)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.p_value == pytest.approx(back.p_value)
    assert paired(VALUES, VALUES, CLUSTERS, BOOT).p_value == 1


def test_skill_is_zero_at_the_floor_and_one_at_the_ceiling() -> None:
    floor, top = VALUES - 0.2, VALUES + 0.2
    for values, expected in ((floor, 0), (top, 1), (VALUES, 0.5), (floor - 0.4, -1)):
        found = skill(values, floor, top, CLUSTERS, BOOT)
        assert (found.value, found.low, found.high) == pytest.approx((expected, expected, expected))
    assert math.isnan(skill(VALUES, VALUES, VALUES, CLUSTERS, BOOT).value)


@pytest.mark.parametrize(("batteries", "noted"), [(1, True), (4, True), (5, False)])
def test_few_batteries_are_said(batteries: int, noted: bool) -> None:
    clusters = [f"b{i % batteries}" for i in range(40)]
    found = paired(VALUES, np.zeros(40), clusters, BOOT)
    assert bool(found.note) == noted and found.batteries == batteries
    assert all(math.isnan(x) == (batteries == 1) for x in (found.low, found.high, found.p_value))


def test_holm_on_a_hand_worked_example() -> None:
    # sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04; the last may not fall below .06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0] and holm([]) == []


def test_holm_keeps_order_and_lies_between_raw_and_bonferroni() -> None:
    p = np.random.default_rng(2).uniform(size=12)
    adjusted = np.array(holm(list(p)))
    assert (adjusted >= p).all() and (adjusted <= np.minimum(1, 12 * p)).all()
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


@pytest.mark.parametrize("wrong", [[-0.1], [1.1], [math.nan]])
def test_holm_refuses_what_is_no_p_value(wrong: list[float]) -> None:
    with pytest.raises(AlignbenchError):
        holm(wrong)


@pytest.mark.parametrize("values", [VALUES[:-1], np.where(VALUES > 0.9, np.nan, VALUES), []])
def test_values_must_match_their_batteries(values: object) -> None:
    with pytest.raises(AlignbenchError, match="values"):
        interval(values, CLUSTERS, BOOT)


def exact_effect(n: int, deviation: float, alpha: float, power: float) -> float:
    """The mean difference that a two-sided t-test of ``n`` values finds with that power, by the noncentral t."""
    critical = stats.t.ppf(1 - alpha / 2, n - 1)

    def lack(noncentrality: float) -> float:
        found = stats.nct.sf(critical, n - 1, noncentrality) + stats.nct.cdf(-critical, n - 1, noncentrality)
        return found - power

    return float(optimize.brentq(lack, 1, 5)) * deviation / math.sqrt(n)


@pytest.mark.parametrize(("n", "agreement"), [(8, 0.03), (12, 0.02), (40, 0.005), (400, 0.001)])
def test_the_detectable_effect_is_that_of_a_power_computation(n: int, agreement: float) -> None:
    values = np.random.default_rng(n).normal(0.1, 0.3, n)
    found = paired(values, np.zeros(n), [str(i) for i in range(n)], Bootstrap(50)).detectable
    assert found == pytest.approx(exact_effect(n, values.std(ddof=1), 0.05, POWER), rel=agreement)


def test_the_detectable_effect_by_hand() -> None:
    # Mean .2, deviation .1, so an error of .05 over 4 batteries; t(.975, 3) = 3.182, t(.8, 3) = .978.
    found = paired([0.1, 0.3, 0.1, 0.3], [0, 0, 0, 0], list("abcd"), Bootstrap(50)).detectable
    error = math.sqrt(4 * 0.1**2 / 3) / 2
    assert found == pytest.approx((3.1824 + 0.9785) * error, rel=1e-3)


def test_models_that_answer_alike_do_not_claim_to_detect_every_effect() -> None:
    found = paired([0.4, 0.7, 0.4], [0.4, 0.7, 0.4], list("abc"), Bootstrap(50))
    assert found.value == 0 and math.isnan(found.detectable)


def test_an_effect_of_the_detectable_size_is_found_four_times_out_of_five() -> None:
    rng = np.random.default_rng(8)
    clusters = [f"b{i // 3}" for i in range(30)]
    sizes = rng.normal(0, 1, (500, 10, 1)) + rng.normal(0, 0.5, (500, 10, 3))
    true = np.mean([paired(v.ravel(), np.zeros(30), clusters, Bootstrap(2)).detectable for v in sizes[:100]])
    clear = [_students_p(v.reshape(10, 3).mean(axis=1) + true) < 0.05 for v in sizes]
    assert 0.74 <= np.mean(clear) <= 0.86


def _students_p(values: np.ndarray) -> float:
    return float(stats.ttest_1samp(values, 0).pvalue)


def test_the_detectable_effect_scales_with_the_values_and_not_with_their_mean() -> None:
    other = VALUES[::-1].copy()
    first = paired(VALUES, other, CLUSTERS, BOOT)
    assert paired(3 * VALUES + 5, 3 * other, CLUSTERS, BOOT).detectable == pytest.approx(3 * first.detectable)
    assert paired(other, VALUES, CLUSTERS, BOOT).detectable == pytest.approx(first.detectable)
    assert math.isnan(paired(VALUES, other, ["one"] * 40, BOOT).detectable)


def test_holm_agrees_with_a_second_formula() -> None:
    # p_(i) adjusted = max over j <= i of min(1, (n - j + 1) p_(j)), written out index by index.
    p = [0.21, 0.01, 0.04, 0.04, 0.0001, 0.6]
    ranked = sorted(p)
    expected = {x: max(min(1, (6 - j) * ranked[j]) for j in range(ranked.index(x) + 1)) for x in p}
    expected[0.04] = max(min(1, (6 - j) * ranked[j]) for j in range(4))
    smallest = expected[0.04]
    assert holm(p) == pytest.approx(
        [expected[0.21], expected[0.01], smallest, smallest, expected[0.0001], expected[0.6]]
    )


def test_the_error_of_equal_batteries_is_that_of_their_means() -> None:
    means = VALUES.reshape(10, 4).mean(axis=1)
    found = paired(VALUES, np.zeros(40), CLUSTERS, BOOT)
    factor = stats.t.ppf(0.975, 9) + stats.t.ppf(POWER, 9)
    assert found.detectable / factor == pytest.approx(stats.sem(means))

"""When a guard may stand in for its panel, and when there is nothing to stand in for."""

import numpy as np
import pytest

from alignbench.judge.agreement import agreement, calibration_error, spearman

PROMPTS = [str(i // 5) for i in range(400)]
TRUTH = np.random.default_rng(0).normal(size=400)
TOLERANCE = 0.1


def seen(noise, seed, truth=TRUTH):
    """What somebody sees of the truth."""
    return truth + noise * np.random.default_rng(seed).normal(size=len(truth))


def fault(guard, *judges):
    return agreement(guard, guard, np.stack(judges), PROMPTS, 0).fault(TOLERANCE)


def test_a_guard_that_sees_the_truth_better_than_noisy_judges_passes():
    found = agreement(TRUTH, TRUTH, np.stack([seen(1, 1), seen(1, 2)]), PROMPTS, 0)
    # Two judges correlate by their reliability, a guard without noise with each by its root.
    assert found.judges == pytest.approx(0.5, abs=0.08) and found.guard == pytest.approx(0.5**0.5, abs=0.06)
    assert found.shortfall_interval[1] < 0 and found.fault(TOLERANCE) is None
    assert found.spearman == pytest.approx([found.guard] * 2, abs=0.05) and len(found.between_mae) == 1


def test_a_guard_as_noisy_as_the_judges_passes_within_the_tolerance_and_a_noisier_one_does_not():
    assert fault(seen(0.8, 3), seen(1, 1), seen(1, 2)) is None
    assert "shortfall" in fault(seen(3, 3), seen(1, 1), seen(1, 2))


def test_in_a_small_sample_noise_counts_against_the_guard():
    voices = [seen(0.8, 3), seen(1, 1), seen(1, 2)]
    assert fault(*voices) is None
    guard, *judges = (voice[:50] for voice in voices)
    found = agreement(guard, guard, np.stack(judges), PROMPTS[:50], 0)
    low, high = found.shortfall_interval
    assert low < 0 < TOLERANCE < high and "shortfall" in found.fault(TOLERANCE)


def test_judges_who_guess_teach_nothing_whatever_the_guard():
    judges = [np.random.default_rng(seed).normal(size=400) for seed in (1, 2)]
    assert "no better than chance" in fault(np.mean(judges, axis=0), *judges)
    assert "no better than chance" in fault(TRUTH, np.ones(400), np.ones(400))


def test_judges_of_one_voice_are_one_judge_whatever_the_guard():
    assert "one judge" in fault(TRUTH, TRUTH, 2 * TRUTH + 1)
    assert "one judge" in fault(seen(1, 1), TRUTH, TRUTH)


def test_judges_who_agree_nearly_always_can_be_reached_within_the_tolerance():
    near = [seen(0.1, 1), seen(0.1, 2)]
    assert fault(seen(0.15, 3), *near) is None
    assert "shortfall" in fault(seen(0.8, 3), *near)


def test_of_three_judges_each_is_left_out_in_turn():
    judges = [seen(0.5, 1), seen(0.5, 2), seen(9, 3)]
    found = agreement(TRUTH, TRUTH, np.stack(judges), PROMPTS, 0)
    others = [np.mean([j for i, j in enumerate(judges) if i != out], axis=0) for out in range(3)]
    assert found.judges == pytest.approx(np.mean([spearman(j, o) for j, o in zip(judges, others, strict=True)]))
    assert found.guard == pytest.approx(np.mean([spearman(TRUTH, o) for o in others]))
    assert len(found.between_spearman) == 3 and found.spearman[2] < 0.3 < found.spearman[0]


def test_pairs_of_one_prompt_are_drawn_together():
    """Five copies of each pair tell no more than one."""
    once = np.random.default_rng(5).normal(size=80)
    truth, prompts = np.repeat(once, 5), [str(i) for i in range(80) for _ in range(5)]
    judges = np.stack([np.repeat(seen(1, seed, once), 5) for seed in (1, 2)])
    copied = agreement(truth, truth, judges, prompts, 0)
    alone = agreement(once, once, judges[:, ::5], [str(i) for i in range(80)], 0)
    assert copied.judges_interval == pytest.approx(alone.judges_interval, abs=0.02)


def test_a_calibration_error_is_in_points_of_the_scale():
    assert calibration_error(TRUTH, TRUTH) == pytest.approx(0)
    assert calibration_error(TRUTH + 0.5, TRUTH) == pytest.approx(0.5)
    assert calibration_error(2 * TRUTH, TRUTH) > 0.4

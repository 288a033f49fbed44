import numpy as np
import pytest

from alignbench.steps.norm_reward import entropy_matched, peak_matched

SCORES = [0.3, 0.1, -0.2, -0.4]


@pytest.mark.parametrize("entropy", [0.3, 0.7, 0.95])
def test_entropy_is_met_and_order_kept(entropy):
    p = entropy_matched(SCORES, entropy)
    assert -(p * np.log(p)).sum() / np.log(4) == pytest.approx(entropy, abs=1e-6)
    assert list(np.argsort(-p)) == [0, 1, 2, 3]


@pytest.mark.parametrize("peak", [0.3, 0.5, 0.9])
def test_peak_is_the_share_of_the_top_answer(peak):
    p = peak_matched(SCORES, peak)
    assert p[0] == pytest.approx(peak, abs=1e-6)
    assert p.sum() == pytest.approx(1)


def test_a_peak_below_uniform_gives_uniform():
    assert peak_matched(SCORES, 0.1) == pytest.approx([0.25] * 4, abs=1e-6)


def test_equal_scores_say_nothing():
    assert peak_matched([1, 1, 1], 0.9) == pytest.approx([1 / 3] * 3)

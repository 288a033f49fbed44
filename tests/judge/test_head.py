"""The regressor of a guard learns what can be learnt of prompt and reply, and its calibration brings it to scale."""

import numpy as np
import pytest

from alignbench.judge.head import Calibration, HeadForm, HeadKind, load_head

FORMS = [
    pytest.param(HeadForm(kind, penalty, 32, calibration), id=f"{kind.name}-{calibration.name}")
    for kind, penalty in ((HeadKind.ridge, 0.1), (HeadKind.layers, 1.0))
    for calibration in Calibration
]


def drawn(rng, count, twisted=True):
    """Unit vectors of prompts and replies, and ratings: one of the reply alone, one whose sign the prompt decides."""
    prompts, replies = rng.normal(size=(2, count, 6)).astype(np.float32)
    prompts, replies = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (prompts, replies))
    depends = prompts[:, 0] * replies[:, 1] if twisted else replies[:, 1]
    return prompts, replies, np.stack([3 + 1.8 * replies[:, 0], 3 + 3 * depends], axis=1)


def fitted(form, rng):
    prompts, replies, targets = drawn(rng, 600)
    # The calibrating third is rated a point lower: the scale is learnt there.
    apart = np.arange(600) % 3 == 0
    targets[apart] -= 1
    return form.fitted(prompts, replies, targets, apart, 0)


@pytest.mark.parametrize("form", FORMS)
def test_it_learns_both_axes_and_the_scale_of_the_calibrating_part(form):
    rng = np.random.default_rng(0)
    head = fitted(form, rng)
    prompts, replies, targets = drawn(rng, 300)
    found, raw = head(prompts, replies), head.uncalibrated(prompts, replies)
    for k in range(2):
        assert np.corrcoef(found[:, k], targets[:, k])[0, 1] > 0.8
        assert found[:, k].mean() == pytest.approx(targets[:, k].mean() - 1, abs=0.2)
        assert raw[:, k].mean() == pytest.approx(targets[:, k].mean(), abs=0.2)
    assert found.min() >= 1 and found.max() <= 5


@pytest.mark.parametrize("form", FORMS)
def test_a_saved_head_says_the_same(form, tmp_path):
    rng = np.random.default_rng(1)
    head = fitted(form, rng)
    head.save(tmp_path)
    prompts, replies, _ = drawn(rng, 20)
    assert load_head(tmp_path)(prompts, replies) == pytest.approx(head(prompts, replies))


def test_a_falling_line_is_no_calibration():
    rng = np.random.default_rng(2)
    prompts, replies, targets = drawn(rng, 300, twisted=False)
    apart = np.arange(300) % 2 == 0
    targets[apart] = 6 - targets[apart]
    found = HeadForm(HeadKind.ridge, 0.1, None, Calibration.affine).fitted(prompts, replies, targets, apart, 0)
    assert np.ptp(found(prompts, replies), axis=0) == pytest.approx(0, abs=1e-6)

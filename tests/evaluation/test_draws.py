"""That the correction for a number of draws takes off what it must: against exact expectations, over many draws."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.evaluation.draws import Drawn
from alignbench.evaluation.metrics import entropy, js_similarity

PEOPLE = np.array([0.4, 0.3, 0.2, 0.1])
MODELS = {
    "the same": PEOPLE,
    "near": np.array([0.3, 0.3, 0.25, 0.15]),
    "far": np.array([0.05, 0.15, 0.3, 0.5]),
    "one-sided": np.array([0.9, 0.06, 0.03, 0.01]),
}


def trials(looks: np.ndarray, n: int, count: int = 600) -> np.ndarray:
    """Plain score, corrected score and standard error of many sets of draws, shape (count, 3)."""
    rng, found = np.random.default_rng(7), []
    for _ in range(count):
        drawn = Drawn(np.stack([rng.multinomial(n, look) for look in looks]).astype(float))
        shares = (drawn.counts / n).mean(axis=0)
        found.append((float(js_similarity(PEOPLE, shares)), *drawn.corrected(lambda q: js_similarity(PEOPLE, q))))
    return np.array(found)


@pytest.mark.parametrize("name", MODELS)
def test_most_of_the_bias_goes_and_the_error_is_that_of_the_score(name: str) -> None:
    model = MODELS[name]
    true, found = float(js_similarity(PEOPLE, model)), trials(np.stack([model] * 2), 20)
    plain, corrected, error = found.mean(axis=0)
    bias, left = true - plain, true - corrected
    assert bias > 0.002 and abs(left) < bias / 4
    if name != "the same":  # there the score has no slope, and its chance is of second order
        assert error == pytest.approx(found[:, 1].std(), rel=0.25)


def test_the_bias_is_of_the_size_that_is_said() -> None:
    found = trials(np.stack([PEOPLE] * 2), 40)
    expected = 3 / (8 * 80) / np.log(2)
    assert expected == pytest.approx(0.007, abs=3e-4)
    assert 1 - found[:, 0].mean() == pytest.approx(expected, rel=0.1)


def test_looks_that_disagree_but_never_waver_have_no_chance() -> None:
    drawn = Drawn(np.array([[20.0, 0, 0, 0], [0, 0, 0, 20.0]]))
    corrected, error = drawn.corrected(lambda q: js_similarity(PEOPLE, q))
    assert corrected == pytest.approx(float(js_similarity(PEOPLE, [0.5, 0, 0, 0.5]))) and error == 0


def test_a_look_without_draws_is_left_out_and_one_with_a_single_draw_adds_no_chance() -> None:
    def score(q: np.ndarray) -> np.ndarray:
        return js_similarity(PEOPLE, q)

    counts = np.array([[3.0, 1, 1, 0], [0, 2, 2, 1]])
    whole = Drawn(counts).corrected(score)
    assert Drawn(np.vstack([counts, np.zeros((1, 4))])).corrected(score) == pytest.approx(whole)
    single = Drawn(np.array([[1.0, 0, 0, 0]])).corrected(score)
    assert single == pytest.approx((float(score(np.array([1.0, 0, 0, 0]))), 0.0))


def test_the_correction_of_a_linear_score_is_nothing() -> None:
    drawn = Drawn(np.array([[3.0, 1, 1, 0], [0, 2, 2, 1]]))
    plain = (drawn.counts / 5).mean(axis=0)
    assert drawn.corrected(lambda q: q @ np.arange(4.0))[0] == pytest.approx(plain @ np.arange(4.0))


def test_entropy_is_corrected_upwards() -> None:
    drawn = Drawn(np.array([[8.0, 6, 4, 2]]))
    assert drawn.corrected(entropy)[0] > float(entropy(drawn.counts[0] / 20))


def test_a_look_counts_by_its_weight() -> None:
    """Twice the weight is the same look twice but for its chance, which then is not independent."""
    counts, score = np.array([[3.0, 1, 1, 0], [0, 2, 2, 1]]), lambda q: js_similarity(PEOPLE, q)
    alike = Drawn(counts).corrected(score)
    assert Drawn(counts, np.array([5.0, 5.0])).corrected(score) == pytest.approx(alike)
    one = Drawn(counts, np.array([1.0, 0.0])).corrected(score)
    assert one == pytest.approx(Drawn(counts[:1]).corrected(score))
    heavy = Drawn(counts, np.array([3.0, 1.0])).corrected(lambda q: q[:, 0])
    assert heavy[0] == pytest.approx(0.75 * 0.6)
    assert heavy[1] == pytest.approx(0.75 * np.sqrt(0.6 * 0.4 / 4))

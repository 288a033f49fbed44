"""Where the model is calibrated the forms agree: drawn answers against looked-up probabilities, on the nano model."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.record.cell import CellRecord
from tests.planted.conftest import row

pytestmark = pytest.mark.long

ROWS = ("base", "survey_sft", "cultural_prompt")
WORDS = ("method=survey_sft", "control=false", "method@baselines.cultural_prompt=cultural_prompt")


@pytest.fixture(scope="module")
def label(planted) -> CellRecord:
    return planted(*WORDS)


@pytest.fixture(scope="module")
def sampled(planted) -> CellRecord:
    return planted(*WORDS, "scoring.elicit=sampled", "scoring.samples=20")


@pytest.mark.parametrize("name", ROWS)
def test_drawn_scores_agree_with_looked_up_ones_within_the_error_of_the_draws(label, sampled, name) -> None:
    exact, drawn = row(label, name), row(sampled, name)
    assert drawn.draw_error > 0 and abs(drawn.score - exact.score) < 3 * drawn.draw_error
    assert drawn.unread < 0.01 and drawn.option_mass is None and exact.unread is None
    uncorrected = drawn.score - drawn.draw_bias
    assert drawn.draw_bias > 0 and abs(uncorrected - exact.score) > abs(drawn.score - exact.score)


def test_drawn_shares_are_those_of_the_labels(label, sampled) -> None:
    pairs = zip(label.items, sampled.items, strict=True)
    gaps = [np.subtract(s.models[name], e.models[name]) for e, s in pairs for name in ROWS]
    variances = [np.multiply(e.models[name], np.subtract(1, e.models[name])) / 20 for e in label.items for name in ROWS]
    standard = np.sqrt(np.square(np.concatenate(gaps)).sum() / np.concatenate(variances).sum())
    assert 0.7 < standard < 1.3, "their distance is that of draws from the looked-up shares"


def test_the_gain_does_not_depend_on_the_form(label, sampled) -> None:
    exact, drawn = label.aligned.difference, sampled.aligned
    assert drawn.difference_low < exact < drawn.difference_high
    error = np.hypot(drawn.draw_error, row(sampled, "base").draw_error)
    assert abs(drawn.difference - exact) < 3 * error


def test_adapters_are_trained_once_for_all_forms(label, sampled) -> None:
    fits = [{s.key for s in record.provenance if s.name == "fit"} for record in (label, sampled)]
    assert fits[0] == fits[1] and len(fits[0]) == 1

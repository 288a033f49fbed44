"""Where the model is calibrated the forms agree: drawn answers against looked-up probabilities, on the nano model."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.evaluation.metrics import js_similarity
from alignbench.record.cell import CellRecord
from tests.planted.conftest import row

pytestmark = pytest.mark.long

ROWS = ("base", "survey_sft")
SAMPLES = 20
WORDS = ("method=survey_sft", "control=false")


@pytest.fixture(scope="module")
def label(planted) -> CellRecord:
    return planted(*WORDS)


@pytest.fixture(scope="module")
def sampled(planted) -> CellRecord:
    return planted(*WORDS, "scoring.elicit=sampled", f"scoring.samples={SAMPLES}")


@pytest.mark.parametrize("name", ROWS)
def test_drawn_scores_agree_with_looked_up_ones_within_the_error_of_the_draws(label, sampled, name) -> None:
    exact, drawn = row(label, name), row(sampled, name)
    assert drawn.draw_error > 0 and abs(drawn.score - exact.score) < 3 * drawn.draw_error
    assert drawn.unread < 0.01 and drawn.option_mass is None and exact.unread is None


@pytest.mark.parametrize("name", ROWS)
def test_without_the_correction_they_lie_as_far_below_as_draws_from_the_labels_do(label, sampled, name) -> None:
    rng, expected = np.random.default_rng(5), []
    for item in label.items:
        counts = rng.multinomial(SAMPLES, item.models[name] / np.sum(item.models[name]), size=200)
        expected.append(js_similarity(item.survey, counts / SAMPLES).mean())
    exact, drawn = row(label, name), row(sampled, name)
    below = exact.score - float(np.mean(expected))
    assert below > 0.02
    assert drawn.score - drawn.draw_bias == pytest.approx(np.mean(expected), abs=3 * drawn.draw_error)
    assert drawn.draw_bias == pytest.approx(below, rel=0.4)


def test_drawn_shares_are_those_of_the_labels(label, sampled) -> None:
    pairs = [(e.models[name], s.models[name]) for e, s in zip(label.items, sampled.items, strict=True) for name in ROWS]
    squares = sum(float(np.square(np.subtract(drawn, exact)).sum()) for exact, drawn in pairs)
    expected = sum(float(np.multiply(exact, np.subtract(1, exact)).sum()) / SAMPLES for exact, _ in pairs)
    assert 0.7 < squares / expected < 1.3, "their distance is that of draws from the looked-up shares"


def test_the_gain_does_not_depend_on_the_form(label, sampled) -> None:
    exact, drawn = label.aligned.difference, sampled.aligned
    error = np.hypot(drawn.draw_error, row(sampled, "base").draw_error)
    assert abs(drawn.difference - exact) < 3 * error and drawn.difference_low < exact < drawn.difference_high


def test_adapters_are_trained_once_for_all_forms(label, sampled) -> None:
    fits = [{s.key for s in record.provenance if s.what == "fit"} for record in (label, sampled)]
    assert fits[0] == fits[1] and len(fits[0]) == 1


def test_people_out_of_a_hundred_are_beyond_the_tiny_model_and_every_table_says_so(planted) -> None:
    full = ("scoring.style=full", "scoring.orders=both", "scoring.labels=auto")
    record = planted("method=none", "control=false", "scoring.elicit=verbalised", *full)
    base = row(record, "base")
    assert base.unread == 1 and base.score == pytest.approx(row(record, "uniform answers").score)
    assert base.skill == pytest.approx(0) and any("could not be read: base 100.0%" in note for note in record.notes)

"""Steering where a country is a direction, beside a random direction; then on nano, where a country is none."""

from __future__ import annotations

import pytest

from alignbench.record.cell import CellRecord
from alignbench.runs.compare import compare
from tests.planted.leaning import leaning_cell, leaning_model

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def steered(planted_cell, tmp_path_factory):
    """Runs a cell of the model that leans; Brazil, which leans to the other side, is the control."""
    folder = tmp_path_factory.mktemp("leaning")
    model = (f"model.path={leaning_model(folder / 'model')}", "model.name=leaning")

    def run(*words: str) -> CellRecord:
        return compare(leaning_cell(planted_cell(folder, "method=steering", "culture.control=brazil", *model, *words)))[
            0
        ]

    return run


@pytest.mark.parametrize("contrast", ["country", "options"])
def test_the_vector_moves_answers_towards_the_country_and_a_random_one_does_not(steered, contrast) -> None:
    own, *random = (
        steered(f"method.contrast={contrast}", *words)
        for words in ([], *(["method.vector=random", "control=false", f"seed={seed}"] for seed in range(2)))
    )
    change = own.aligned.difference
    assert change > 0.1 and own.aligned.difference_low > 0
    for record in random:
        assert abs(record.aligned.difference) < change / 4
        assert record.aligned.difference_high < own.aligned.difference_low
    # Another country's vector goes the other way.
    assert own.control.difference > 0.1 and own.control.difference_low > 0
    assert own.aligned.specificity_low > 0
    assert any("Steered at layer" in note and "strength" in note for note in own.notes)


def test_what_it_damages_elsewhere_is_seen(steered) -> None:
    (brazil,) = steered("control=false", "others=[brazil]").elsewhere
    assert brazil.difference < -0.05


def test_on_nano_no_country_is_a_direction(planted) -> None:
    """There a country and a question bear on an answer together: no vector stands for the country."""
    record = planted("method=steering", "control=false")
    assert abs(record.aligned.difference) < 0.05 < planted("method=cultural_prompt", "control=false").aligned.difference

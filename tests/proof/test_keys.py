"""Every knob of every component: what is not recorded changes a key (see ``make proof`` for what it changes)."""

import pytest

from tests.proof.cells import keys_of
from tests.proof.knobs import ELSEWHERE, trials

TRIALS = {trial.name: trial for trial in trials()}


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_a_knob_changes_a_key_unless_it_is_recorded(name, tmp_path):
    trial = TRIALS[name]
    same = keys_of(trial, trial.words, tmp_path) == keys_of(trial, trial.changed, tmp_path)
    assert same is trial.recorded, f"{trial.name}: {' '.join(trial.changed)}"


def test_what_cannot_be_tried_exists():
    assert not set(ELSEWHERE) & set(TRIALS)

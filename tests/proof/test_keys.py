"""Every knob of every component: what is not recorded changes a key (see ``make proof`` for what it changes)."""

from functools import cache

import pytest

from tests.proof.cells import keys_of
from tests.proof.knobs import ELSEWHERE, IDLE, ROUNDING, SAME_WEIGHTS
from tests.proof.trials import Trial, first, trials

EVERY = {trial.name: trial for trial in trials()}
FIRST = {trial.name: trial for trial in first(trials())}
FURTHER = {name: trial for name, trial in EVERY.items() if name not in FIRST}


@cache
def keys(words: tuple[str, ...], scored: bool) -> frozenset[str]:
    trial = Trial("scoring" if scored else "", "", "", "", words, "", False)
    return keys_of(trial, words).every


def changes(trial: Trial) -> bool:
    scored = trial.group == "scoring"
    return keys(trial.words, scored) != keys(trial.changed, scored)


@pytest.mark.parametrize("name", sorted(FIRST))
def test_a_knob_changes_a_key_unless_it_has_nothing_to_do(name):
    assert changes(FIRST[name]) is not FIRST[name].quiet, " ".join(FIRST[name].changed)


@pytest.mark.proof
@pytest.mark.parametrize("name", sorted(FURTHER))
def test_so_it_does_in_further_cells(name):
    assert changes(FURTHER[name]) is not FURTHER[name].quiet, " ".join(FURTHER[name].changed)


def test_what_is_said_of_knobs_is_said_of_knobs_that_are_there():
    known = {trial.knob_name for trial in EVERY.values()}
    assert not set(ELSEWHERE) & known
    assert known >= ROUNDING
    assert set(EVERY) >= {*IDLE, *SAME_WEIGHTS}

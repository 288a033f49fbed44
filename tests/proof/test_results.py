"""``make proof``: every knob of every component changed once, each time in an empty store.

What changes no key must leave every figure, answer and weight as it was, byte for byte; what changes a key must change
one of them, or ``IDLE`` says why it does not here.
"""

from __future__ import annotations

import hashlib
import os

import pytest
from filelock import FileLock

from alignbench import identity as identities
from alignbench.identity import canonical
from tests.proof.cells import Results, keys_of, results_of
from tests.proof.knobs import IDLE, QUICK, ROUNDING, SAME_WEIGHTS
from tests.proof.trials import Trial, trials

pytestmark = pytest.mark.proof
TRIALS = {trial.name: trial for trial in trials()}


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Results of a cell by its words, each built once for all processes of this run."""
    shared = tmp_path_factory.getbasetemp()
    shared = (shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared) / "cells"
    shared.mkdir(exist_ok=True)

    def results(words: tuple[str, ...]) -> str:
        folder = shared / hashlib.sha256(canonical([*QUICK, *words]).encode()).hexdigest()[:16]
        with FileLock(f"{folder}.lock"):
            file = folder / "results.txt"
            if not file.is_file():
                folder.mkdir(exist_ok=True)
                file.write_text(results_of(words, folder))
            return file.read_text()

    return results


@pytest.mark.parametrize("name", sorted(TRIALS))
def test_a_knob_changes_a_result_exactly_where_it_changes_a_key(name, built):
    prove(TRIALS[name], built)


def prove(trial: Trial, built) -> None:
    """Raises AssertionError unless key and result change together, those of trainings and those of all stages."""
    before, after = keys_of(trial, trial.words), keys_of(trial, trial.changed)
    how, why = " ".join(trial.changed), IDLE.get(trial.name)
    if before.chain == after.chain and trial.group not in ("backend", "embedder"):
        return  # whatever is built reads the same
    one, other = Results(built(trial.words)), Results(built(trial.changed))
    known = before.every != after.every
    same = one.alike(other) if trial.knob_name in ROUNDING else one == other
    assert known or same, f"no key knows of {trial.name}, but it changes results: {how}"
    assert not known or not same or why, f"{trial.name} is in a key and changes nothing: {how}"
    assert not known or same or not why, f"{trial.name} changes results after all: {why}"
    if known and not why:
        moved, why = one.weights != other.weights, SAME_WEIGHTS.get(trial.name)
        idle = before.fits != after.fits and not moved
        assert not idle or why, f"{trial.name} is in the key of a training and changes no weight: {how}"
        assert idle or not why, f"{trial.name} changes weights after all: {why}"
        assert not moved or before.fits != after.fits, f"no training knows of {trial.name}, but weights change: {how}"


def without(monkeypatch, *forgotten: str) -> None:
    """Leaves fields, ``<class>.<field>``, out of their identity, as if somebody had forgotten them."""
    real = identities.inputs

    def inputs(value):
        for name, held in real(value):
            if f"{type(value).__name__}.{name}" not in forgotten:
                yield name, held

    for module in ("alignbench.identity", "alignbench.store.stage", "alignbench.component"):
        monkeypatch.setattr(f"{module}.inputs", inputs)


FORGOTTEN = {
    "a pool that forgets its items (A1)": ("SurveyRL.pool_size", "Pool.items", "SurveyPractice.items"),
    "a check that forgets its judge (A3)": ("LikelihoodJudge.per_word", "CheckJudge.judge"),
    "answers that forget their model (A2)": ("Model.dtype", "Respond.model", "Samples.before", "Samples.after"),
}


@pytest.mark.parametrize("case", FORGOTTEN)
def test_the_proof_finds_what_a_key_forgets(case, built, monkeypatch):
    knob, *forgotten = FORGOTTEN[case]
    trial = TRIALS[knob]
    without(monkeypatch, *forgotten)
    with pytest.raises(AssertionError, match="no key knows"):
        prove(trial, built)


def test_the_proof_finds_what_a_key_holds_for_nothing(built, monkeypatch):
    """A7: a training that hashes the knobs of other trainers."""
    monkeypatch.setattr("alignbench.training.recipe.Training.read_by", lambda self, *kinds: self)
    words = ("method=survey_sft",)
    trial = Trial("training", "Training", "generations", "", words, "training.generations=3", False)
    with pytest.raises(AssertionError, match="changes nothing"):
        prove(trial, built)

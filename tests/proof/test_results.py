"""``make proof``: every knob of every component changed once, each time in an empty store.

What changes no key must leave every figure, answer and weight as it was, byte for byte; what changes a key must change
one of them, or ``IDLE`` says why it does not here.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from filelock import FileLock

from alignbench import identity as identities
from alignbench.identity import canonical
from tests.proof.cells import keys_of, results_of
from tests.proof.knobs import IDLE, QUICK, Trial, trials

pytestmark = pytest.mark.proof
TRIALS = {trial.name: trial for trial in trials()}


@pytest.fixture(scope="session", autouse=True)
def tried():
    """Says at the end what the proof went through."""
    yield
    recorded = sum(trial.recorded for trial in TRIALS.values())
    components, cells = ({getattr(t, part) for t in TRIALS.values()} for part in ("component", "words"))
    print(
        f"\n{len(TRIALS)} knobs of {len(components)} components in {len(cells)} cells:"
        f" {recorded} recorded, {len(IDLE)} idle"
    )


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
def test_a_knob_changes_a_result_exactly_where_it_changes_a_key(name, built, tmp_path):
    prove(TRIALS[name], built, tmp_path)


def prove(trial: Trial, built, folder: Path) -> None:
    """Raises AssertionError unless key and result change together."""
    same_keys = keys_of(trial, trial.words, folder) == keys_of(trial, trial.changed, folder)
    same_results = built(trial.words) == built(trial.changed)
    how, why = " ".join(trial.changed), IDLE.get(trial.name)
    assert not same_keys or same_results, f"no key knows of {trial.name}, but it changes results: {how}"
    assert same_keys or not same_results or why, f"{trial.name} is in a key and changes nothing: {how}"
    assert same_keys or same_results or not why, f"{trial.name} changes results after all: {why}"


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
    "a pool that forgets its items (A1)": ("CultureRL.pool_size", "Pool.items", "Practise.items"),
    "a calibration that forgets its judge (A3)": ("LikelihoodJudge.per_word", "Calibrate.judge"),
    "answers that forget their model (A2)": ("Model.dtype", "Respond.model", "Samples.before", "Samples.after"),
}


@pytest.mark.parametrize("case", FORGOTTEN)
def test_the_proof_finds_what_a_key_forgets(case, built, tmp_path, monkeypatch):
    knob, *forgotten = FORGOTTEN[case]
    trial = TRIALS[knob]
    without(monkeypatch, *forgotten)
    with pytest.raises(AssertionError, match="no key knows"):
        prove(trial, built, tmp_path)


def test_the_proof_finds_what_a_key_holds_for_nothing(built, tmp_path, monkeypatch):
    """A7: a training that hashes the knobs of other trainers."""
    monkeypatch.setattr("alignbench.training.recipe.Training.read_by", lambda self, *kinds: self)
    words = ("method=survey_sft",)
    trial = Trial("training", "Training", "generations", words, "3", False)
    with pytest.raises(AssertionError, match="changes nothing"):
        prove(trial, built, tmp_path)

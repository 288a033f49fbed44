"""A signal to end: the training saves itself, ends as it would have, and goes on to the same result."""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from alignbench.aligned import KEPT
from alignbench.training import loop, options
from alignbench.training.interrupt import GRACE, postponed
from alignbench.training.recipe import TrainerKind
from alignbench.training.selection import stop_if_idle
from alignbench.types import ModelRef

from .kinds import TRAIN
from .test_selection import BEST, rated, weights
from .world import Killed, assert_same_history, history


def ends(number: int, frame: FrameType | None) -> None:
    raise Killed


@pytest.fixture(params=[signal.SIGTERM, signal.SIGUSR2], ids=lambda number: number.name)
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    """A signal whose handler ends the process, or what stands for it."""
    before = signal.signal(request.param, ends)
    yield request.param
    signal.signal(request.param, before)


@pytest.mark.long
@pytest.mark.parametrize("kind", TrainerKind)
@pytest.mark.parametrize("number", [signal.SIGUSR2], indirect=True)
def test_a_training_that_is_told_to_end_saves_itself_and_goes_on_to_the_same_result(
    raw: ModelRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: TrainerKind, number: int
) -> None:
    training = replace(BEST, updates=5, checkpoint_every=3, keep_checkpoints=True)
    TRAIN[kind](raw, training, tmp_path / "unbroken", rated([0.9, 0.2]))

    def told(*asked: object) -> None:
        signal.raise_signal(number)

    with monkeypatch.context() as patch:
        for module in (loop, options):
            patch.setattr(module, stop_if_idle.__name__, told)  # after update 1, which is over by then
        with pytest.raises(Killed):
            TRAIN[kind](raw, training, tmp_path / "broken", rated([]))
    saved = [p.name.rpartition("-")[2].lstrip("0") for p in (tmp_path / "broken/checkpoints").iterdir()]
    assert saved == ["2"], "after the update under way, though no checkpoint was planned there"
    assert signal.getsignal(number) is ends
    TRAIN[kind](raw, training, tmp_path / "broken", rated([0.9, 0.2]))
    assert weights_of(tmp_path / "broken") == weights_of(tmp_path / "unbroken")
    assert_same_history(tmp_path / "unbroken", tmp_path / "broken")
    assert [h["update"] for h in history(tmp_path / "broken") if "validation" in h] == [3, 5], "chosen where planned"


def weights_of(folder: Path) -> dict[str, bytes]:
    """The exported weights, and those of every checkpoint that was kept."""
    found = {p.name: weights(p) for p in (folder / KEPT).iterdir()}
    assert found.keys() == {"3", "5"}
    own = next(p for p in folder.glob("**/*.safetensors") if KEPT not in p.parts)
    return {**found, "": own.read_bytes()}


def test_a_signal_waits_until_it_is_obeyed_or_the_block_ends(number: int) -> None:
    with postponed() as ending:
        assert not ending.asked
        signal.raise_signal(number)
        assert ending.asked
        with pytest.raises(Killed):
            ending.obey()
        assert not ending.asked
    with pytest.raises(Killed), postponed():
        signal.raise_signal(number)


def test_a_signal_waits_no_longer_than_the_grace_time(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GRACE, "1")
    started = time.monotonic()
    with pytest.raises(Killed), postponed():
        signal.raise_signal(number)
        time.sleep(30)
    assert time.monotonic() - started < 10


def test_a_handler_that_lets_pass_lets_the_training_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """submitit's for SIGTERM: Slurm sends that one to what it will kill in any case."""
    seen: list[int] = []
    monkeypatch.setattr(signal, "alarm", seen.append)
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with postponed() as ending:
            signal.raise_signal(signal.SIGTERM)
            ending.obey()
            assert signal.SIGTERM in seen and not ending.asked
    finally:
        signal.signal(signal.SIGTERM, before)

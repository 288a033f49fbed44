"""Every trainer chooses its checkpoint by the same rule, and choosing changes nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.aligned import KEPT
from alignbench.backend.hf import HF
from alignbench.errors import AlignbenchError
from alignbench.training.grpo import PromptRow, train_grpo
from alignbench.training.recipe import Select, TrainerKind, Weights
from alignbench.training.selection import Job, Score
from alignbench.types import ModelRef, OptionScores, chat

from .kinds import CHATS, TRAIN, length
from .world import QUICK, Killed, history

# Dropout shows whether validation leaves mode and randomness alone.
LAST = replace(QUICK, learning_rate=3e-3, prompts_per_update=2, micro_batch=2, checkpoint_every=1, lora_dropout=0.1,
    schedule="constant", max_new_tokens=24)  # fmt: skip
BEST = replace(LAST, select=Select.validation)
KINDS = pytest.mark.parametrize("kind", TrainerKind)
ASKED = ([chat("How important is work?"), chat("Well?")], [("1", "2", "3"), ("1", "2")])


def rated(worth: Iterable[float | None], seen: list[list[OptionScores]] | None = None) -> Callable[[Score], float]:
    """A validation that finds ``worth`` in turn, and dies of None."""
    values = iter(worth)

    def validate(score: Score) -> float:
        found = score(*ASKED)
        if seen is not None:
            seen.append(found)
        value = next(values)
        if value is None:
            raise Killed
        return value

    return validate


def weights(folder: Path) -> bytes:
    (found,) = (p for p in folder.rglob("*.safetensors") if "checkpoints" not in p.parts)
    return found.read_bytes()


@pytest.mark.long
@KINDS
@pytest.mark.parametrize("trained", Weights)
def test_the_best_checkpoint_is_exported_as_if_training_had_ended_there(
    raw: ModelRef, tmp_path: Path, kind: TrainerKind, trained: Weights
) -> None:
    two = TRAIN[kind](raw, replace(LAST, weights=trained, updates=2), tmp_path / "two", rated([]))
    best = TRAIN[kind](raw, replace(BEST, weights=trained, updates=4), tmp_path / "best", rated([0.2, 0.9, 0.9, 0.1]))
    assert weights(tmp_path / "two") == weights(tmp_path / "best")
    assert (two["selection"], two["selected_update"]) == ("last", 2)
    assert (best["selection"], best["selected_update"]) == ("validation", 2)
    assert [h.pop("validation") for h in history(tmp_path / "best")] == [0.2, 0.9, 0.9, 0.1]
    assert not any("validation" in h for h in history(tmp_path / "two"))


@pytest.mark.long
@KINDS
def test_choosing_does_not_disturb_what_comes_after(raw: ModelRef, tmp_path: Path, kind: TrainerKind) -> None:
    TRAIN[kind](raw, replace(LAST, updates=3), tmp_path / "last", None)
    TRAIN[kind](raw, replace(BEST, updates=3), tmp_path / "best", rated([0.1, 0.2, 0.3]))
    assert weights(tmp_path / "last") == weights(tmp_path / "best")


@pytest.mark.long
@KINDS
def test_checkpoints_are_rated_as_the_exported_model_scores(raw: ModelRef, tmp_path: Path, kind: TrainerKind) -> None:
    seen: list[list[OptionScores]] = []
    TRAIN[kind](raw, replace(BEST, updates=3, checkpoint_every=2), tmp_path, rated([0.1, 0.2], seen))
    assert [h["update"] for h in history(tmp_path) if "validation" in h] == [2, 3]
    served = HF(device="cpu").open(raw).score(*ASKED, tmp_path)
    for own, other in zip(seen[-1], served, strict=True):
        assert own.logprobs == pytest.approx(other.logprobs, abs=1e-4)
    assert seen[0] != seen[1]


@pytest.mark.parametrize("kind", [TrainerKind.options_sft, TrainerKind.sft])
@pytest.mark.parametrize("trained", Weights)
def test_every_checkpoint_is_kept_as_it_was_and_nothing_is_chosen_by_it(
    raw: ModelRef, tmp_path: Path, kind: TrainerKind, trained: Weights
) -> None:
    one = replace(LAST, weights=trained, updates=1)
    TRAIN[kind](raw, one, tmp_path / "one", None)
    kept = replace(one, updates=2, keep_checkpoints=True)
    assert TRAIN[kind](raw, kept, tmp_path / "all", None)["selected_update"] == 2
    (exported,) = (p for p in (tmp_path / "all").glob("**/*.safetensors") if KEPT not in p.parts)
    assert weights(tmp_path / "all" / KEPT / "1") == weights(tmp_path / "one")
    assert weights(tmp_path / "all" / KEPT / "2") == exported.read_bytes() != weights(tmp_path / "one")
    assert not (tmp_path / "one" / KEPT).exists()


@pytest.mark.long
@KINDS
def test_a_killed_training_makes_the_same_choice(raw: ModelRef, tmp_path: Path, kind: TrainerKind) -> None:
    TRAIN[kind](raw, replace(LAST, updates=1), tmp_path / "one", None)
    training, broken = replace(BEST, updates=5), tmp_path / "broken"
    validate = rated([0.9, 0.2, 0.3, None, 0.4, 0.5])
    with pytest.raises(Killed):
        TRAIN[kind](raw, training, broken, validate)
    kept = {p.stem.rpartition("-")[2].lstrip("0") for p in (broken / "checkpoints").iterdir() if p.name[0] != "R"}
    assert kept == {"1", "3"}
    facts = TRAIN[kind](raw, training, broken, validate)
    assert facts["selected_update"] == 1 and weights(broken) == weights(tmp_path / "one")
    assert [h["validation"] for h in history(broken)] == [0.9, 0.2, 0.3, 0.4, 0.5]


@pytest.mark.long
def test_an_adapter_that_lies_over_its_reference_is_restored(raw: ModelRef, tmp_path: Path) -> None:
    rows, start = [PromptRow(c) for c in CHATS], tmp_path / "start"
    TRAIN[TrainerKind.options_sft](raw, replace(LAST, updates=2), start, None)
    for name, training, validate in (
        ("two", replace(LAST, updates=2, kl_beta=0.05), None),
        ("best", replace(BEST, updates=4, kl_beta=0.05), rated([0.2, 0.9, 0.9, 0.1])),
    ):
        train_grpo(Job(raw, training, 0, tmp_path / name, validate), rows, length, start)
    assert weights(tmp_path / "two") == weights(tmp_path / "best") != weights(start)


@KINDS
def test_a_choice_without_anything_to_choose_by_is_refused(raw: ModelRef, tmp_path: Path, kind: TrainerKind) -> None:
    with pytest.raises(AlignbenchError, match=r"training\.select = 'validation'.*use last"):
        TRAIN[kind](raw, BEST, tmp_path, None)
    with pytest.raises(AlignbenchError, match=r"training\.learning_rate.*not finite"):
        TRAIN[kind](raw, replace(BEST, updates=1), tmp_path, rated([float("nan")]))


@KINDS
def test_epochs_bound_the_updates_of_every_trainer(raw: ModelRef, tmp_path: Path, kind: TrainerKind) -> None:
    facts = TRAIN[kind](raw, replace(LAST, updates=9, epochs=1), tmp_path, None)
    assert facts["updates"] == len(history(tmp_path)) == 2  # four rows, two an update

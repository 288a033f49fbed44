"""Every knob is read by the trainers that the table names, and by no other; nonsense is refused by name."""

from dataclasses import Field, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from alignbench.errors import AlignbenchError
from alignbench.training import Training
from alignbench.training.recipe import USED_BY, Select, TrainerKind, Weights
from alignbench.training.selection import Score
from alignbench.types import ModelRef

from .kinds import TRAIN
from .world import QUICK, history

BASE = replace(QUICK, learning_rate=3e-3, schedule="constant", updates=2, prompts_per_update=4, micro_batch=4,
    checkpoint_every=1, select=Select.validation, max_new_tokens=24, option_generations=64,
    top_k=0)  # fmt: skip
OTHER: dict[str, Any] = {
    "weights": Weights.full, "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.5, "lora_targets": ("q_proj",),
    "full_modules": ("lm_head",), "learning_rate": 1e-3, "schedule": "cosine", "warmup": 2, "max_grad_norm": 1e-3,
    "updates": 3, "epochs": 1, "prompts_per_update": 2, "generations": 2, "option_generations": 16, "kl_beta": 0.5,
    "clip_epsilon": 0.001, "loss_type": "grpo", "scale_rewards": "group", "invalid_reward": -1.0,
    "probability_floor": 0.3, "advantage_clip": 0.1, "temperature": 0.2, "top_p": 0.2, "top_k": 1,
    "max_prompt_tokens": 4, "max_new_tokens": 2, "vllm": True, "checkpoint_every": 2, "select": Select.last,
    "dtype": "bfloat16", "keep_checkpoints": True, "micro_batch": 1, "micro_tokens": 1, "gradient_checkpointing": True,
}  # fmt: skip
# Four bits need CUDA (their place in the identity has a test of its own); patience needs a group without variance.
ELSEWHERE = {"quantise", "patience_zero_variance"}
# Every trainer refuses what is longer; nothing else comes of it.
LIMIT = {"max_prompt_tokens"}
# Change rounding alone.
MEMORY = {"micro_batch", "micro_tokens", "gradient_checkpointing"}
TEXT = (TrainerKind.sft, TrainerKind.dpo, TrainerKind.grpo)
KNOBS = {f.name: f for f in fields(Training)}


def hashed(field: Field[Any]) -> bool:
    return not field.metadata.get("recorded")


def outcome(kind: TrainerKind, model: ModelRef, training: Training, folder: Path) -> tuple[object, ...]:
    """Weights and history of a training whose first checkpoint is the best, or how it was refused."""
    calls = count()

    def validate(score: Score) -> float:
        return -next(calls)

    try:
        TRAIN[kind](model, training, folder, validate)
    except AlignbenchError as error:
        return (error.field,)
    found = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.safetensors")}
    return found, history(folder)


def test_the_walk_leaves_no_knob_out() -> None:
    assert OTHER.keys() | ELSEWHERE == KNOBS.keys()
    assert set().union(*USED_BY.values()) == {name for name, field in KNOBS.items() if hashed(field)}


@pytest.fixture(scope="module")
def talker(raw: ModelRef, tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    """The blank model, taught to end its replies at several lengths."""
    folder = tmp_path_factory.mktemp("talker")
    TRAIN[TrainerKind.sft](raw, replace(BASE, weights=Weights.full, select=Select.last, updates=10), folder, None)
    return replace(raw, path=folder / "model")


# Of TRL's trainers, a minute each, SFT stands for the three of them among the long tests.
PROOF = (TrainerKind.dpo, TrainerKind.grpo)


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.proof if k in PROOF else pytest.mark.long) for k in TrainerKind]
)
def test_a_knob_changes_the_trainings_that_read_it_and_no_other(
    model: ModelRef, talker: ModelRef, tmp_path: Path, kind: TrainerKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Half of the time of so small a training.
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    trained = talker if kind in TEXT else model
    usual = outcome(kind, trained, BASE, tmp_path / "usual")
    changed = {
        name: outcome(kind, trained, replace(BASE, **{name: OTHER[name]}), tmp_path / name) != usual
        for name in OTHER.keys() - MEMORY
    }
    assert {name for name, does in changed.items() if does} == USED_BY[kind] - ELSEWHERE | LIMIT


@pytest.mark.parametrize("kind", TrainerKind)
def test_the_identity_for_a_trainer_holds_what_it_reads_and_nothing_else(kind: TrainerKind) -> None:
    usual = BASE.read_by(kind)
    moved = {n for n in OTHER if replace(BASE, **{n: OTHER[n]}).read_by(kind).identity != usual.identity}
    assert moved == USED_BY[kind] - ELSEWHERE
    read = {n: f.default for n, f in KNOBS.items() if hashed(f)} | {n: getattr(BASE, n) for n in USED_BY[kind]}
    assert usual.knobs == read
    assert all(getattr(usual, n) == getattr(BASE, n) for n, f in KNOBS.items() if not hashed(f))


def test_knobs_that_others_switch_off_are_no_identity() -> None:
    def moves(training: Training, **knobs: object) -> bool:
        one, other = (t.read_by(TrainerKind.sft).identity for t in (training, replace(training, **knobs)))
        return bool(one != other)

    last, full = replace(BASE, select=Select.last), replace(BASE, weights=Weights.full)
    assert moves(BASE, checkpoint_every=2) and not moves(last, checkpoint_every=2)
    lora = {name: value for name, value in OTHER.items() if name.startswith("lora_")}
    assert len(lora) == 4
    assert all(moves(BASE, **{n: v}) and not moves(full, **{n: v}) for n, v in lora.items())


@pytest.mark.parametrize("name", [name for name, f in KNOBS.items() if type(f.default) in (int, float)])
def test_nonsense_is_refused_by_the_knobs_name(name: str) -> None:
    # A reward may be negative.
    wrong = [float("nan"), float("inf"), *([] if name == "invalid_reward" else [-1])]
    for value in wrong:
        with pytest.raises(AlignbenchError, match=rf"training\.{name} = .*: give|training\.{name} = .*: GRPO"):
            Training(**{name: value})


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("learning_rate", [0.0], [1e-9]), ("lora_r", [0], [1]), ("lora_alpha", [0.0], [0.1]),
        ("lora_dropout", [1.0], [0.0, 0.9]), ("max_grad_norm", [0.0], [0.1]), ("kl_beta", [], [0.0]),
        ("clip_epsilon", [0.0], [0.1]), ("temperature", [0.0], [2.0]), ("top_p", [0.0, 1.1], [1.0]),
        ("top_k", [], [0]), ("probability_floor", [0.0, 1.0], [0.5]), ("advantage_clip", [0.0], [9.0]),
        ("generations", [1], [2]), ("option_generations", [1], [2]), ("epochs", [], [0]), ("micro_tokens", [], [0]),
        ("warmup", [], [0.0, 5]), ("invalid_reward", [], [-9.0, 0.0, 1.0]),
        *[(n, [0], [1]) for n in ("updates", "prompts_per_update", "micro_batch", "checkpoint_every",
                                  "patience_zero_variance", "max_prompt_tokens", "max_new_tokens")],
    ],
)  # fmt: skip
def test_the_bounds_are_where_sense_ends(name: str, wrong: list[float], right: list[float]) -> None:
    for value in wrong:
        with pytest.raises(AlignbenchError, match=rf"training\.{name}"):
            Training(**{name: value})
    for value in right:
        assert getattr(Training(**{name: value}), name) == value

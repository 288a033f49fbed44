"""A few questions with known answers, and the helpers of the training tests."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from alignbench.training import Training
from alignbench.training.rows import OptionRow
from alignbench.training.selection import Score
from alignbench.types import chat

Shares = tuple[float, ...]
QUICK = Training(dtype="float32",
    learning_rate=1e-2, schedule="linear", lora_r=8, lora_alpha=16, updates=40, prompts_per_update=4, micro_batch=3,
    checkpoint_every=20, scale_rewards="none", option_generations=32, max_new_tokens=6, generations=4,
)  # fmt: skip
TARGETS: dict[str, Shares] = {
    "family": (0.7, 0.2, 0.1), "work": (0.1, 0.3, 0.6), "trust": (0.35, 0.65), "police": (0.8, 0.2),
}  # fmt: skip


def same(target: Shares) -> Shares:
    return target


def uniform(target: Shares) -> Shares:
    return tuple(1 / len(target) for _ in target)


def majority(target: Shares) -> Shares:
    return tuple(1.0 if share == max(target) else -1.0 for share in target)


def option_rows(
    aim: Callable[[Shares], Shares] = same, rewards: Callable[[Shares], Shares] | None = None
) -> list[OptionRow]:
    return [
        OptionRow(
            chat(f"How much do you care about {item}? Answer 1-{len(target)}"),
            tuple(str(i + 1) for i in range(len(target))), aim(target), item, rewards and rewards(target),
        )
        for item, target in TARGETS.items()
    ]  # fmt: skip


def distance(score: Score, rows: Sequence[OptionRow]) -> float:
    """Mean total variation between the renormalised options and the targets."""
    found = score([r.chat for r in rows], [r.options for r in rows])
    shares = [torch.tensor(s.logprobs).softmax(0) for s in found]
    gaps = [(s - torch.tensor(r.target)).abs().sum() / 2 for s, r in zip(shares, rows, strict=True)]
    return float(sum(gaps)) / len(gaps)


def history(folder: Path) -> list[dict[str, float]]:
    entries: list[dict[str, float]] = json.loads((folder / "history.json").read_text())
    return entries


def assert_same_run(one: Path, other: Path) -> None:
    """Adapters and histories agree up to float noise."""
    first, second = (load_file(f / "adapter_model.safetensors") for f in (one, other))
    assert first.keys() == second.keys()
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], rtol=1e-4, atol=1e-6)
    assert_same_history(one, other)


def assert_same_history(one: Path, other: Path) -> None:
    for a, b in zip(history(one), history(other), strict=True):
        assert a.keys() == b.keys()
        torch.testing.assert_close(torch.tensor(list(a.values())), torch.tensor(list(b.values())), rtol=1e-3, atol=1e-4)


class Killed(Exception):
    """Stands for a kill."""


def killed_at(call: int, function: Callable[..., object]) -> Callable[..., object]:
    """``function``, which dies at its call number ``call``."""
    calls = iter(range(1, 1_000_000))

    def mortal(*args: object, **kwargs: object) -> object:
        if next(calls) == call:
            raise Killed
        return function(*args, **kwargs)

    return mortal

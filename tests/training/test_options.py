"""One-token training on the nano model: the losses do what they say, and a kill changes nothing."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from safetensors.torch import load_file

from alignbench.errors import AlignbenchError
from alignbench.training import Training
from alignbench.training.options import OptionRow, distribution_sft, option_grpo, train_on_options
from alignbench.types import ModelRef, chat

QUICK = Training(
    learning_rate=2e-2, schedule="constant", lora_r=8, lora_alpha=16, updates=40, prompts_per_update=4,
    micro_batch=3, checkpoint_every=20, scale_rewards="none", option_generations=32,
)
TARGETS = {"family": (0.7, 0.2, 0.1), "work": (0.1, 0.3, 0.6), "trust": (0.35, 0.65), "police": (0.8, 0.2)}


def rows(targets=TARGETS, rewards=None):
    return [
        OptionRow(
            chat(f"How much do you care about {item}? Answer 1-{len(target)}"),
            tuple(str(i + 1) for i in range(len(target))), target, item, rewards(target) if rewards else None,
        )
        for item, target in targets.items()
    ]  # fmt: skip


def majority(target):
    return tuple(1.0 if share == max(target) else -1.0 for share in target)


def history(folder: Path) -> list[dict]:
    return json.loads((folder / "history.json").read_text())


def mean(entries: list[dict], name: str) -> float:
    return sum(e[name] for e in entries) / len(entries)


def distance(score, shown) -> float:
    """Mean total variation between the options' renormalised shares and the targets."""
    found = score([r.chat for r in shown], [r.options for r in shown])
    total = 0.0
    for row, scores in zip(shown, found, strict=True):
        shares = [2.718281828**v / scores.mass for v in scores.logprobs]
        total += sum(abs(a - b) for a, b in zip(shares, row.target, strict=True)) / 2
    return total / len(shown)


def test_sft_reaches_the_target_distribution(model: ModelRef, tmp_path: Path) -> None:
    seen = []
    facts = train_on_options(
        model, rows(), distribution_sft, replace(QUICK, updates=60), 0, tmp_path,
        lambda score: seen.append(distance(score, rows())) or -seen[-1],
    )  # fmt: skip
    assert seen[-1] < 0.05
    assert facts["selection"] == "validation"
    assert facts["base_fingerprint"] == model.fingerprint
    assert (tmp_path / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "checkpoints").exists()
    last = history(tmp_path)[-1]
    assert last["option_mass"] > 0.95
    assert {"update", "loss", "learning_rate", "entropy", "option_mass", "validation"} <= last.keys()

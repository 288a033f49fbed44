"""Claim: the memory that a plan states for a training is within a third of what the training takes at its peak.

A Qwen2 of 34 M parameters with random weights learns for two updates on a CPU, each training in a process of its own.
Run by ``make bench`` or ``python experiments/bench/training_memory.py``.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alignbench.backend.model import SHIPPED, Model
from alignbench.backend.shape import shape_of
from alignbench.training.memory import peak
from alignbench.training.recipe import TrainerKind, Training, Weights
from alignbench.training.selection import Job
from alignbench.types import chat

MOST = 4 / 3
_COMMON = {"updates": 2, "checkpoint_every": 2, "max_prompt_tokens": 512, "micro_batch": 2, "prompts_per_update": 2}
_DRAWN = {"prompts_per_update": 1, "generations": 4, "max_new_tokens": 64, "kl_beta": 0.04}
CASES: dict[str, tuple[TrainerKind, Training]] = {
    "SFT, LoRA": (TrainerKind.sft, Training(**_COMMON)),
    "SFT, all weights": (TrainerKind.sft, Training(weights=Weights.full, **_COMMON)),
    "GRPO, all weights": (TrainerKind.grpo, Training(weights=Weights.full, **{**_COMMON, **_DRAWN})),
}


def main() -> None:
    """Run every case and compare; a case is named by its number where it runs alone."""
    if len(sys.argv) > 1:
        print(json.dumps(measured(*list(CASES.values())[int(sys.argv[1])])))
        return
    held = True
    for number, case in enumerate(CASES):
        said = subprocess.run([sys.executable, __file__, str(number)], check=True, capture_output=True, text=True)
        found, planned = json.loads(said.stdout.splitlines()[-1])
        held &= 1 / MOST <= found / planned <= MOST
        print(f"{case}: {found / 2**20:.0f} MiB, planned {planned / 2**20:.0f}, {found / planned:.2f} of it")
    sys.exit(not held)


def measured(kind: TrainerKind, training: Training) -> tuple[float, float]:
    """Peak of this process after the training, and as planned, in bytes."""
    from alignbench.training.grpo import Paid, PromptRow, train_grpo
    from alignbench.training.sft import ConversationRow, train_sft

    with TemporaryDirectory() as scratch:
        model = Model(str(_random(Path(scratch, "model")))).resolve()
        job = Job(model, training, 0, Path(scratch, "fit"))
        job.folder.mkdir()
        if kind is TrainerKind.grpo:
            prompts = [PromptRow(chat(_text(job, training.max_prompt_tokens)))] * 4
            train_grpo(job, prompts, lambda texts, _: Paid([random.random() for _ in texts]))
        else:
            text = _text(job, training.max_prompt_tokens // 2)
            train_sft(job, [ConversationRow(chat(text), text)] * 4)
        shape = shape_of(model)
        assert shape is not None
        return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, peak(shape, training, kind, False)


def _text(job: Job, tokens: int) -> str:
    text = "sea wood " * tokens
    while len(job.renderer.prompt(chat(text)).ids) > tokens:
        text = text[: int(0.97 * len(text))]
    return text


def _random(folder: Path) -> Path:
    """A model with the tokenizer of nano and random weights."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    old = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = Qwen2Config(
        hidden_size=512,
        intermediate_size=1536,
        num_attention_heads=8,
        num_key_value_heads=2,
        num_hidden_layers=10,
        vocab_size=8192,
        tie_word_embeddings=True,
        **{name: old.get(name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")},
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()

"""Claim: ``training.dtype=auto`` trains no slower than the arithmetic that it did not choose.

The same few updates of one-token answers and of a long conversation in float32 and in bfloat16, on one machine, one
after the other. Run by ``make bench`` or ``python experiments/bench/arithmetic.py [model folder]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from alignbench.backend.model import Model
from alignbench.training import Training
from alignbench.training.options import OptionRow, distribution_sft, train_on_options
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, chat

# Noise of a shared machine.
SLACK = 0.95
LABELS = ("1", "2", "3", "4")
ASKED = "How important is {} in your life? 1: very, 2: rather, 3: not very, 4: not at all. Say the number alone."
THINGS = ("family", "work", "religion", "politics", "leisure time", "a good name", "the village", "the sea")


def seconds(model: ModelRef, training: Training) -> float:
    """Time of a training on short questions and one on a long conversation; each loads the weights anew."""
    short = [OptionRow(chat(ASKED.format(thing)), LABELS, (0.4, 0.3, 0.2, 0.1), thing) for thing in THINGS]
    long = [ConversationRow(chat(" ".join(ASKED.format(thing) for thing in THINGS) * 2), "1, and so on. " * 8)]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        train_on_options(Job(model, training, 0, Path(folder, "short")), short, distribution_sft)
        train_sft(Job(model, training, 0, Path(folder, "long")), long)
    return time.perf_counter() - started


def main(path: str = "builtin:smollm2_135m") -> int:
    """Print both times; 1 if the claim does not hold here."""
    model = Model(path=path).resolve()
    training = Training(updates=6, prompts_per_update=4, micro_batch=4, micro_tokens=1024)
    training = training.with_knobs(max_prompt_tokens=2048, max_new_tokens=256)
    chosen = "bfloat16" if training.bfloat16 else "float32"
    spent = {dtype: seconds(model, training.with_knobs(dtype=dtype)) for dtype in ("float32", "bfloat16")}
    for dtype, time_ in spent.items():
        print(f"{dtype:<9} {time_:>6.1f} s{' (auto)' if dtype == chosen else ''}")
    ratio = max(spent.values()) / min(spent.values())
    quickest = min(spent, key=lambda dtype: spent[dtype])
    print(f"{quickest} is {ratio:.2f} times as fast; auto chooses {chosen}")
    return 0 if spent[chosen] * SLACK <= min(spent.values()) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

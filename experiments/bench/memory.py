"""Claim: on a CPU, keeping freed memory for the next tensor takes at least a twentieth off the time of survey answers.

Asked are 24 made-up questions under ten system texts, in processes of their own: once as alignbench loads a model,
once with the C library left as it is, twice each in the order a b b a. Run by ``make bench`` or
``python experiments/bench/memory.py [model folder]``.
"""

from __future__ import annotations

import subprocess
import sys
import time

from alignbench.backend import loading
from alignbench.backend.hf import HF
from alignbench.backend.model import Model
from alignbench.types import Sampling, chat

LEAST = 1.05
QUESTIONS, SYSTEMS = 24, 10
OPTIONS = ("1", "2", "3", "4")
WAYS = ("kept", "given back")


def seconds(way: str, path: str) -> float:
    """Time of one pass over all prompts in this process, the weights loaded before."""
    if way != "kept":
        loading.keep_freed = lambda: None
    engine = HF(device="cpu").open(Model(path=path).resolve())
    engine.generate([chat("Good morning.")], Sampling(max_new_tokens=4))
    asked = [
        chat(
            f"How important is matter number {number} in your life? Think of your family, your work and your friends. "
            "1: very important, 2: rather important, 3: not very important, 4: not at all important. Say the number.",
            f"You are person number {person} of a village in the mountains, and you answer as such a person would.",
        )
        for person in range(SYSTEMS)
        for number in range(QUESTIONS)
    ]
    started = time.perf_counter()
    engine.score(asked, [OPTIONS] * len(asked))
    return time.perf_counter() - started


def main(path: str = "builtin:smollm2_135m") -> int:
    """Print both times and their ratio; 1 if the claim does not hold here."""
    spent = dict.fromkeys(WAYS, 0.0)
    for way in (*WAYS, *reversed(WAYS)):
        done = subprocess.run([sys.executable, __file__, way, path], check=True, capture_output=True, text=True)
        spent[way] += float(done.stdout.split()[-1])
        print(f"{way:<12} {float(done.stdout.split()[-1]):>6.1f} s for {SYSTEMS * QUESTIONS} prompts")
    ratio = spent["given back"] / spent["kept"]
    print(f"{ratio:.2f} times as long where freed memory is given back (claimed: {LEAST:g})")
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        print(seconds(*sys.argv[1:3]))
    else:
        sys.exit(main(*sys.argv[1:2]))

"""Claim: dialogues played together make at least four times as many tokens a second as dialogues played one by one.

Greedy, so that both ways say the same; the slow way plays the first few of the same dialogues, since rates are
compared. Run by ``make bench`` or ``python experiments/bench/roleplay.py [model folder]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alignbench.backend.hf import HF
from alignbench.backend.model import Model
from alignbench.dialogue import Dialogue
from alignbench.dialogue.roleplay import RolePlay
from alignbench.dialogue.scenario import adapted, load_scenarios
from alignbench.steps.scenes import profile
from alignbench.types import Sampling, chat

LEAST = 4.0
TOGETHER, ONE_BY_ONE = 32, 4
# Greedy text repeats itself soon: with nothing ended for that, dialogues get as long as sampled ones are.
PLAY = RolePlay(max_turns=6, max_new_tokens=40, temperature=0.0, max_overlap=1.0)


def main(path: str = "builtin:smollm2_135m") -> int:
    """Print both rates and their ratio; 1 if the claim does not hold here."""
    engine = HF().open(Model(path=path).resolve())
    engine.generate([chat("Good morning.")], Sampling(max_new_tokens=4))  # loads the weights
    scenes = [Dialogue(adapted(s, "iraq", 0), profile("IRQ"), "Iraq") for s in load_scenarios()[:TOGETHER]]

    def timed(label: str, count: int, play: Callable[[], list[Dialogue]]) -> tuple[float, list[Dialogue]]:
        tokens, started = engine.usage.generated_tokens, time.perf_counter()
        ended = play()
        seconds, tokens = time.perf_counter() - started, engine.usage.generated_tokens - tokens
        print(
            f"{label:<12} {count:>3} dialogues {tokens:>6} tokens {seconds:>7.1f} s {tokens / seconds:>7.1f} tokens/s"
        )
        return tokens / seconds, ended

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fast, batched = timed("together", TOGETHER, lambda: PLAY.play(engine, scenes, folder))
        slow, singly = timed(
            "one by one",
            ONE_BY_ONE,
            lambda: [d for s in scenes[:ONE_BY_ONE] for d in PLAY.play(engine, [s], folder / s.scenario.id)],
        )
    same = sum(a.turns == b.turns for a, b in zip(batched, singly, strict=False))
    print(f"{fast / slow:.1f} times as fast (claimed: {LEAST:g}); {same} of {ONE_BY_ONE} are word for word the same")
    return 0 if fast / slow >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

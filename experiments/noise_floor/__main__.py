"""What a machine alone moves: the same cell under other batches, threads, arithmetic and engines, against itself.

    python -m experiments.noise_floor [python of an environment with vLLM]

Writes the table of docs/reliability.md, and keeps its cells under outputs/noise_floor: issued again, it goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alignbench.evaluation.items import BoardEntry
from alignbench.progress import say
from alignbench.record.finished import finished
from experiments.docs_table import put

OUT = Path("outputs/noise_floor")
# A cell whose answers are the weights' alone, and one whose weights are trained first.
ASKED = ("method=none", "culture=iraq")
TRAINED = ("method=survey_sft", "culture=iraq", "model=nano", "training.updates=40", "control=false")


@dataclass(frozen=True)
class Change:
    """One thing that is different from the cell as it comes.

    Attributes:
        name: of the row.
        words: overrides.
        threads: for ``OMP_NUM_THREADS``; None leaves it to PyTorch.
        vllm: whether it needs vLLM.
    """

    name: str
    words: tuple[str, ...] = ()
    threads: int | None = None
    vllm: bool = False


AGAIN = Change("nothing: computed again")
ANSWERING = (
    AGAIN,
    Change("batches a sixteenth as large (`backend.batch_tokens=1024`)", ("backend.batch_tokens=1024",)),
    Change("batches four times as large", ("backend.batch_tokens=65536",)),
    Change("one thread", threads=1),
    Change("no shared prefixes (`backend.past=0`)", ("backend.past=0",)),
    Change("the weights in bfloat16 (`model.dtype=bfloat16`)", ("model.dtype=bfloat16",)),
    Change("vLLM's CPU engine (`backend=vllm_cpu`)", ("backend=vllm_cpu",), vllm=True),
)
TRAINING = (
    AGAIN,
    Change("micro-batches of 4 (`training.micro_batch=4`)", ("training.micro_batch=4",)),
    Change("one thread", threads=1),
    Change("another seed (`seed=1`)", ("seed=1",)),
)


@dataclass(frozen=True)
class Answers:
    """What a cell answered: item -> shares, item -> score; and half the range of its score over formats."""

    shares: Mapping[str, np.ndarray]
    scores: Mapping[str, float]
    spread: float

    @classmethod
    def of(cls, entry: BoardEntry) -> Answers:
        """Those of a row of the board."""
        shares = {item: found[0] for item, found in entry.answers().items()}
        return cls(shares, entry.column("js"), entry.format_spread)


def computed(group: str, words: tuple[str, ...], change: Change, python: str) -> Answers:
    """The answers of a cell in a store of its own."""
    place = OUT / group / "".join(sign if sign.isalnum() else "-" for sign in change.name)
    paths = (f"store={place}/store", f"reports={place}/reports")
    env = dict(os.environ, PYTHONPATH="src", VLLM_CPU_KVCACHE_SPACE="1")
    if change.threads:
        env["OMP_NUM_THREADS"] = str(change.threads)
    else:
        env.pop("OMP_NUM_THREADS", None)
    command = [python, "-m", "alignbench", *words, *change.words, *paths]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")
    (cell,) = finished(place / "store")
    own = cell.own or "base"
    return Answers.of(next(entry for entry in cell.scored if entry.label == own))


def row(change: Change, one: Answers, other: Answers) -> str:
    """What differs: the largest in a share and in a question's score, and in the score of all questions."""
    share = max(float(np.abs(one.shares[item] - other.shares[item]).max()) for item in one.shares)
    by_item = [other.scores[item] - one.scores[item] for item in one.scores]
    figures = (share, float(np.abs(by_item).max()), abs(float(np.mean(by_item))))
    return f"| {change.name} | {' | '.join(f'{figure:.0e}' if figure else '0' for figure in figures)} |"


def main(vllm: str | None = None) -> None:
    """Measure every change and write the table."""
    head = "| what was different | share | score of a question | score |\n|:--|--:|--:|--:|"
    lines = [head]
    for group, words, changes in (("answering", ASKED, ANSWERING), ("training", TRAINED, TRAINING)):
        as_it_comes = computed(group, words, Change("as it comes"), sys.executable)
        lines.append(f"| **`{' '.join(words)}`** | | | |")
        for change in changes:
            if change.vllm and vllm is None:
                say(f"left out: {change.name}: no environment with vLLM was named")
                continue
            python = vllm if change.vllm and vllm else sys.executable
            lines.append(row(change, as_it_comes, computed(group, words, change, python)))
            say(lines[-1])
        lines.append(f"| *beside it: the format spread of that row* | | | {as_it_comes.spread:.0e} |")
    put("\n".join(lines), "reliability.md", "noise", "python -m experiments.noise_floor .venv-vllm/bin/python")


if __name__ == "__main__":
    main(*sys.argv[1:2])

"""How far a score moves when nothing but the machine's way of computing it is changed.

    python experiments/noise_floor/measure.py [model ...]        # nano and the default model where none is named

A method without training and a trained one are run in the usual way, and again with one thing changed, each time in a
store of its own: nothing at all, batches, threads, rows of a training at once, the engine. What is changed is no part
of a key, so the two runs are the same cell. Prints a row of a Markdown table for each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from alignbench.evaluation.items import ITEMS

# What is changed -> words, and environment.
WAYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "nothing": ([], {}),
    "batches of 512 tokens": (["backend.batch_tokens=512"], {}),
    "one prompt a forward": (["backend.batch_tokens=1"], {}),
    "two threads": (["backend.threads=2"], {"OMP_NUM_THREADS": "2"}),
}
OF_TRAINING = {"one row of the training at once": (["training.micro_batch=1"], {})}
OF_ENGINES = {"vLLM": (["backend=vllm", "backend.enforce_eager=true"], {})}
CELL = ["culture=iraq", "control=false", "~method@baselines.cultural_prompt", "scoring.bootstrap=200"]
# The default model takes a minute for each update.
SMALL = ["training.updates=4", "training.checkpoint_every=4"]
METHODS = ("none", "survey_sft")


def answered(words: list[str], environment: dict[str, str]) -> pd.DataFrame:
    """The score of every item in the row of the method, and of the base where that is the method."""
    with tempfile.TemporaryDirectory() as folder:
        placed = [f"store={folder}/store", f"reports={folder}/reports"]
        command = [sys.executable, "-m", "alignbench", *words, *placed]
        subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        (file,) = Path(folder).glob(f"store/score/*/{ITEMS}")
        rows = pd.read_parquet(file)
    rows = rows[rows["kind"].isin(["base", "method"])]
    return rows[rows["label"] == rows["label"].iloc[-1]].set_index("item")


def row(model: str, method: str) -> list[str]:
    """The rows of a model and a method."""
    words = [f"model={model}", f"method={method}", *CELL, *(SMALL if method != "none" else [])]
    usual, lines = answered(words, {}), []
    ways = WAYS | (OF_TRAINING if method != "none" else {}) | (OF_ENGINES if find_spec("vllm") else {})
    for name, (more, environment) in ways.items():
        moved = answered([*words, *more], environment)["score"] - usual["score"]
        shown = [f"{abs(moved.mean()):.1e}", f"{moved.abs().max():.1e}"]
        lines.append(f"| {model} | {method} | {name} | {' | '.join('0' if s == '0.0e+00' else s for s in shown)} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Print the table."""
    print("| model | method | changed | score moved by | an item by at most |\n|---|---|---|--:|--:|", flush=True)
    for model in sys.argv[1:] or ["nano", "smollm2_135m"]:
        for method in METHODS:
            row(model, method)


if __name__ == "__main__":
    main()

"""Two processes over gloo train what one trains, through one store; only one of them writes."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from alignbench import ranks
from alignbench.backend.engines import Opener
from alignbench.backend.hf import HF
from alignbench.store.stage import Artifact, Stage, Tools
from alignbench.store.store import Store
from alignbench.training.losses import distribution_sft, option_grpo
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Select
from alignbench.training.selection import Job, Score, Validate
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, chat

from .world import QUICK, option_rows

KNOBS = replace(QUICK, updates=3, prompts_per_update=4, micro_batch=2, checkpoint_every=2, max_new_tokens=40)
CHOSEN = replace(KNOBS, select=Select.validation)
# One rank; the classes of stages must live in a module that is imported.
ALONE = """
import sys
from pathlib import Path
from alignbench.types import ModelRef
from tests.training.test_ranks import train_all
train_all(Path(sys.argv[1]), ModelRef("blank", Path(sys.argv[2]), "raw-blank"))
"""
SAID = [("How important is work?", "very"), ("Can people be trusted?", "no, never")]
ROWS = [ConversationRow(chat(question), answer) for question, answer in SAID]


def falling(rank: int) -> Validate:
    """A validation that falls on rank 0 and rises on rank 1."""
    worth = count()

    def validate(score: Score) -> float:
        (found,) = score([chat("Well?")], [("1", "2")])
        assert len(found.logprobs) == 2
        return next(worth) * (1.0 if rank else -1.0)

    return validate


TRAININGS = {
    "options": lambda model, folder: train_on_options(Job(model, KNOBS, 0, folder), option_rows(), distribution_sft),
    "grpo": lambda model, folder: train_on_options(
        Job(model, replace(CHOSEN, patience_zero_variance=9), 0, folder, lambda score: 0.0), option_rows(), option_grpo
    ),
    "sft": lambda model, folder: train_sft(Job(model, KNOBS, 0, folder), ROWS),
    "chosen": lambda model, folder: chosen(model, folder),
}  # fmt: skip


def chosen(model: ModelRef, folder: Path) -> dict[str, Any]:
    """The first checkpoint is exported, because all ranks follow rank 0."""
    facts = train_sft(Job(model, CHOSEN, 0, folder, falling(ranks.rank())), ROWS)
    assert facts["selected_update"] == CHOSEN.checkpoint_every < CHOSEN.updates
    return facts


@dataclass(frozen=True)
class Before(Stage):
    """A stage that one process builds for all."""

    name = "norms"

    def build(self, folder: Path, tools: Tools) -> dict[str, Any]:
        return {"by": os.environ.get("RANK", "0")}


@dataclass(frozen=True)
class Fitted(Stage):
    """A training that all processes build together."""

    name = "fit"
    by_all_ranks = True

    before: Before
    kind: str
    model: ModelRef

    def build(self, folder: Path, tools: Tools) -> dict[str, Any]:
        assert tools.facts(self.before) == {"by": "0"}
        return TRAININGS[self.kind](self.model, folder)


def train_all(root: Path, model: ModelRef) -> dict[str, Artifact]:
    store = Store(root, Opener(HF(device="cpu")))
    return {name: store.get(Fitted(Before(), name, model)) for name in TRAININGS}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_two_processes_train_what_one_does(raw: ModelRef, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    quiet = {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ALONE, str(tmp_path / "two"), str(raw.path)],
            env={**os.environ, **common, **quiet, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in (0, 1)
    ]
    alone = train_all(tmp_path / "one", raw)
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    assert "build  fit" in said[0] and "build  fit" not in said[1]
    for name, stage in alone.items():
        together = tmp_path / "two" / "fit" / stage.key
        one, two = (load_file(folder / "adapter_model.safetensors") for folder in (stage.path, together))
        assert one.keys() == two.keys()
        assert max(float((one[k] - two[k]).abs().max()) for k in one) < 1e-4, name
        losses = [[h["loss"] for h in json.loads((f / "history.json").read_text())] for f in (stage.path, together)]
        assert losses[0] == pytest.approx(losses[1], abs=1e-4), name

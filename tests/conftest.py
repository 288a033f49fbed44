"""Cells composed from the real config, on the tiny model, in a store of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir, register
from alignbench.embedder import Embedder, Vectors
from alignbench.runs.cell import Cell

FAST = """
    model=nano judge=embedding benchmark.bootstrap=50 baselines.cultural_prompt.wordings=2
    training.updates=2 training.checkpoint_every=1 training.prompts_per_update=2 training.patience_zero_variance=50
    training.option_generations=8 training.generations=2 training.max_new_tokens=40
""".split()


@dataclass(frozen=True)
class Words(Embedder):
    """Hashed bag of words: knows which words two sentences share, loads nothing."""

    dimension: int = 512

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.full((len(texts), self.dimension), 1e-6, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[crc32(word.encode()) % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    @property
    def fingerprint(self) -> str:
        return f"words-{self.dimension}"


@pytest.fixture
def compose_config(tmp_path):
    register()

    def composed(*overrides: str):
        paths = (f"store={tmp_path}/store", f"reports={tmp_path}/reports")
        with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
            cfg = compose("config", overrides=[*FAST, *paths, *overrides], return_hydra_config=True)
        HydraConfig.instance().set_config(cfg)
        return cfg

    return composed


@pytest.fixture
def make_cell(compose_config):
    def cell(*overrides: str, build_missing: bool = True) -> Cell:
        made = Cell.from_config(compose_config(*overrides), (conf_dir(),), build_missing)
        return replace(made, embedder=Words())

    return cell

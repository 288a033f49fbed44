"""Cells of the planted world on the shipped nano model, in one store for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir
from alignbench.evaluation.board import Row
from alignbench.record.cell import CellRecord
from alignbench.runs.cell import Cell
from alignbench.runs.compare import compare
from alignbench.testing import composed
from tests.composing import with_embedder
from tests.words import Words

QUICK = "model=nano culture=iraq scoring.bootstrap=2000 training.updates=40 ~method@baselines.cultural_prompt".split()


@pytest.fixture(scope="session")
def planted_cell():
    """Composes a cell with its store in a folder."""

    def cell(folder: Path, *overrides: str) -> Cell:
        cfg = composed(*QUICK, f"store={folder}/store", f"reports={folder}/reports", *overrides)
        HydraConfig.instance().set_config(cfg)
        return with_embedder(Cell.from_config(cfg, (conf_dir(),)), Words())

    return cell


@pytest.fixture(scope="session")
def planted(planted_cell, tmp_path_factory):
    """Runs a cell and returns its record."""
    folder = tmp_path_factory.mktemp("planted")

    def run(*overrides: str) -> CellRecord:
        return compare(planted_cell(folder, *overrides))[0]

    return run


def row(record: CellRecord, label: str) -> Row:
    """The row of that label."""
    return next(r for r in record.rows if r.label == label)

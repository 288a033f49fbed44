"""CLCA with stand-ins, in a store of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alignbench.backend.engines import Opener
from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named
from alignbench.method import clca
from alignbench.runs.cell import Cell
from alignbench.store.store import Store
from alignbench.testing import composed

from .chains import made
from .speaker import FEW, Speaker, plain


@pytest.fixture(scope="module")
def blank_cell():
    """Composed once: each test puts its own method, people and store into it."""
    cfg = composed("model=blank", "method=clca", "culture=iraq", "control=false")
    return Cell.from_config(cfg, (conf_dir(),))


@pytest.fixture
def fitted(blank_cell, monkeypatch, tmp_path):
    """Builds with stand-ins and returns the rows that would be trained on, what was made, and the store."""
    rows: list[Any] = []

    def train(job, found):
        rows[:] = found
        return {"updates": job.of_rows(len(found)).training.updates}

    monkeypatch.setattr(clca, "train_sft", train)

    def fit(say=plain, critic: Speaker | None = None, culture: str = "iraq", **knobs: Any):
        people = {"generator": Speaker(say), "critic": critic or Speaker(say)}
        cell = replace(
            blank_cell,
            **people,
            method=replace(FEW, **knobs),
            store=Store(tmp_path / "store", Opener(blank_cell.backend)),
        )
        return rows, made(cell, culture_named(culture, (conf_dir(),))), cell.store

    return fit

"""Cells with an embedder of the tests."""

from __future__ import annotations

from dataclasses import replace

from alignbench.embedder import Embedder
from alignbench.runs.cell import Cell


def with_embedder(cell: Cell, embedder: Embedder) -> Cell:
    """The cell with another embedder, for itself and for the components that were given its own."""
    taking = ("judge", "author", "generator", "critic")
    supplied = {name: getattr(cell, name).supply(model=cell.model, embedder=embedder) for name in taking}
    return replace(cell, embedder=embedder, **supplied)

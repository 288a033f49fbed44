"""Cells of the planted world, loaded once in the process from which all others are forked."""

from __future__ import annotations

import pytest

from tests.faults.commands import Sweep
from tests.planted.conftest import planted_cell

__all__ = ["planted_cell"]


@pytest.fixture(scope="session")
def sweep_of(planted_cell, tmp_path_factory):
    """Makes a sweep of methods, with a folder of its own."""
    made = {}

    def cells(*methods: str):
        for method in methods:
            words = ("training.updates=6", "training.checkpoint_every=2", "control=false", "scoring.bootstrap=200")
            folder = tmp_path_factory.mktemp("composed")
            made[method] = made.get(method) or planted_cell(folder, f"method={method}", *words)
        return [made[method] for method in methods]

    return lambda *methods: Sweep(cells(*methods), tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def unbroken(sweep_of):
    """The figures of a sweep that nothing went wrong in, by its methods; it also loads what forked processes need."""
    known = {}

    def figures(*methods: str):
        if methods not in known:
            sweep = sweep_of(*methods)
            sweep.carry_out()
            known[methods] = sweep.figures()
        return known[methods]

    return figures

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inputs.often import Place


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a module's cases; what they leave in memory must stay small, however many they are."""
    Place.folder = tmp_path_factory.mktemp("inputs")
    gc.collect()
    before = _resident()
    yield Place.folder
    gc.collect()
    grown = (_resident() - before) / 2**20
    assert grown < 600, f"{grown:.0f} MiB more are held than before all cases"


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 if status.exists() else 0

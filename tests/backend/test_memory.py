"""Freed memory stays in the process while a model runs on the CPU."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from alignbench.backend import memory
from alignbench.backend.hf import HF
from alignbench.types import Sampling, chat

SIZE = 64 << 20
pytestmark = pytest.mark.skipif(memory._glibc() is None, reason="the C library is not glibc")


def faults() -> int:
    """Pages that the system had to hand out while a large block was used and freed."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = bytearray(SIZE)
    block[:: resource.getpagesize()] = b"x" * len(range(0, SIZE, resource.getpagesize()))
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_large_block_is_used_again_once_a_model_has_run(blank) -> None:
    engine = HF(device="cpu").open(blank)
    engine.generate([chat("Good morning.")], Sampling(2))
    faults()
    pages = SIZE // resource.getpagesize()
    assert faults() < pages / 10


def test_closing_an_engine_gives_back_what_is_not_in_use(blank) -> None:
    engine = HF(device="cpu").open(blank)
    engine.generate([chat("Good morning.")], Sampling(2))
    faults()
    before = resident()
    engine.close()
    assert resident() < before - SIZE / 2

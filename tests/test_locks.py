"""The locks: every package with its version and checksums, as constraints and set-up commands want it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from requirements.lock import LOCKS, UNLOCKED, without_torch

ROOT = Path(__file__).parents[1]


def pins(text: str) -> dict[str, str]:
    """Package -> version, names as the index compares them."""
    found = re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_checksum_and_torch_is_pinned_elsewhere(name):
    text = (ROOT / f"requirements/{name}.lock").read_text()
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if not entry.startswith("#")]
    assert entries and all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)
    assert not [entry for entry in entries if UNLOCKED.match(entry)] and "://" not in text


def test_the_lock_holds_what_the_constraints_say():
    locked = pins((ROOT / "requirements/install.lock").read_text())
    wanted = pins((ROOT / "constraints.txt").read_text())
    assert {name: locked.get(name) for name in wanted if name != "torch"} == {
        name: version for name, version in wanted.items() if name != "torch"
    }


def test_set_up_commands_ask_for_checksums_but_of_torch():
    lines = (ROOT / "Makefile").read_text().splitlines()
    installing = [line for line in lines if re.match(r"\t\$\((VLLM_)?PIP\) ", line)]
    assert len(installing) >= 8
    for line in installing:
        assert "--require-hashes" in line or "torch==2.13.0" in line or line.endswith("-e ."), line


def test_what_torch_brings_is_left_out():
    assert without_torch("a==1 \\\n    --hash=x\ntorch==2\nnvidia-x==1 \\\n    --hash=y\nb==2\n") == (
        "a==1 \\\n    --hash=x\nb==2\n"
    )

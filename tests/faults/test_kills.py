"""SIGKILL at every boundary of every stage, and at random inside: the same command ends in the same numbers."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.faults.account import tried
from tests.faults.commands import EVENTS, die_at_new

METHODS = ("none", "cultural_prompt", "survey_sft", "survey_rl")
# A training goes on from a checkpoint, and a base model may answer after an adapter was loaded: rounding, 7e-8 at most.
TOLERANCE = 1e-6
LONG = 150


def killed_at_boundaries(sweep, events=EVENTS) -> int:
    """Carry ``sweep`` out, and kill it once at every boundary of these events; how often."""
    spent = set()
    while True:
        process, last = sweep.start(die_at_new(spent, events)), None
        while (reached := process.boundary()) is not None:
            last = reached
        code, said = process.wait()
        assert "Traceback" not in said, said
        if code == 0:
            return len(spent)
        assert code == -signal.SIGKILL and last not in spent, said
        spent.add(last)


def killed_at_random(sweep, lasting, most, rng) -> int:
    """Carry ``sweep`` out, and kill it at random times in each of its stages, ``most`` times each; how often."""
    kills = {}
    while True:
        process = sweep.start()
        while (reached := process.boundary()) is not None:
            event, stage = reached
            if event == "begin" and kills.get(stage, 0) < most:
                time.sleep(rng.uniform(0, lasting[stage]))
                os.kill(process.pid, signal.SIGKILL)
                kills[stage] = kills.get(stage, 0) + 1
                break
        code, said = process.wait()
        assert code in (0, -signal.SIGKILL) and "Traceback" not in said, said
        if code == 0:
            return sum(kills.values())


def test_a_cell_survives_a_kill_before_each_of_its_stages_is_closed(sweep_of, unbroken):
    wanted, sweep = unbroken("none"), sweep_of("none")
    assert killed_at_boundaries(sweep, ("built", "page")) >= 3
    assert sweep.figures() == wanted


@pytest.mark.faults
def test_every_boundary_of_a_sweep(sweep_of, unbroken):
    wanted, sweep = unbroken(*METHODS), sweep_of(*METHODS)
    kills = killed_at_boundaries(sweep)
    assert kills > 50 and sweep.figures() == pytest.approx(wanted, abs=TOLERANCE)
    tried("SIGKILL at each boundary of each stage", kills, "`resume` or `build` in the line of that stage")


@pytest.mark.faults
def test_at_random_inside_every_stage(sweep_of, unbroken):
    wanted, lasting, rng, kills = unbroken(*METHODS), sweep_of(*METHODS).durations(), random.Random(0), 0
    while kills < LONG:
        sweep = sweep_of(*METHODS)
        kills += killed_at_random(sweep, lasting, 6, rng)
        assert sweep.figures() == pytest.approx(wanted, abs=TOLERANCE)
    tried("SIGKILL at random inside each stage", kills, "`resume` or `build` in the line of that stage")

"""Cells into jobs: every stage is built by one job, before those that read it, whatever the cells have in common."""

import random
from collections.abc import Sequence
from itertools import product

import pytest

from alignbench.errors import AlignbenchError
from alignbench.sweep.packing import Piece, Waiting, pack, told

# Two cultures, two methods: norms for all, a base and a prompt each culture, a fit and a score each cell.
GRID = [
    {"norms": (), f"base {c}": (), f"fit {c}{m}": ("norms",), f"score {c}{m}": (f"base {c}", f"fit {c}{m}")}
    for c, m in product("ab", "12")
]
MANY = 1000


def built(pieces: Sequence[Piece], waiting: Sequence[Waiting]) -> list[set[str]]:
    """What each job builds: of a job of cells all that no job before it has built."""
    before: list[set[str]] = []
    found: list[set[str]] = []
    for piece in pieces:
        awaited = set().union(*(before[number] | found[number] for number in piece.after))
        asked = set(piece.stages) or {stage for cell in piece.cells for stage in waiting[cell]}
        before.append(awaited)
        found.append(asked - awaited)
    return found


def test_what_several_jobs_wait_for_comes_first_and_no_job_waits_for_more_than_it_needs() -> None:
    pieces = pack(GRID, 1, True, MANY)
    assert pieces == [
        Piece((0,), ("norms",)),
        Piece((0,), ("base a",)),
        Piece((2,), ("base b",)),
        Piece((0,), after=(0, 1)),
        Piece((1,), after=(0, 1)),
        Piece((2,), after=(0, 2)),
        Piece((3,), after=(0, 2)),
    ]
    assert told(pieces) == "7 jobs: 3 first, for 3 stages that several of them wait for; 4 of 1 cell"


def test_cells_of_a_job_share_without_a_job_before_it() -> None:
    assert pack(GRID, 2, True, MANY)[1:] == [Piece((0, 1), after=(0,)), Piece((2, 3), after=(0,))]
    assert pack(GRID, 9, True, MANY) == [Piece((0, 1, 2, 3))]
    assert pack(GRID, 1, False, MANY) == [Piece((cell,)) for cell in range(4)]


def test_a_stage_that_reads_a_shared_one_waits_for_it() -> None:
    cells = [{"pool": (), "norms": ("pool",)}, {"pool": (), "norms": ("pool",)}, {"pool": ()}]
    first, second, *rest = pack(cells, 1, True, MANY)
    assert (first.stages, second.stages, second.after) == (("pool",), ("norms",), (0,))
    assert [piece.after for piece in rest] == [(0, 1), (0, 1), (0,)]


@pytest.mark.parametrize("most", [1, 2, 3, 5, 7])
def test_cells_share_jobs_until_there_are_no_more_than_allowed(most: int) -> None:
    pieces = pack(GRID, 1, True, most)
    assert len(pieces) <= most
    assert [cell for piece in pieces if not piece.stages for cell in piece.cells] == [0, 1, 2, 3]
    with pytest.raises(AlignbenchError, match="max_jobs = 0"):
        pack(GRID, 1, True, 0)


@pytest.mark.parametrize("seed", range(20))
def test_in_any_sweep_a_stage_is_built_once_and_after_what_it_reads(seed: int) -> None:
    draw = random.Random(seed)
    reads = {f"s{i}": tuple(f"s{j}" for j in range(i) if draw.random() < 0.2) for i in range(12)}

    def chain(stage: str) -> dict[str, tuple[str, ...]]:
        return {name: read for before in reads[stage] for name, read in chain(before).items()} | {stage: reads[stage]}

    waiting = [chain(f"s{draw.randrange(12)}") for _ in range(draw.randrange(1, 12))]
    pieces = pack(waiting, draw.randrange(1, 4), True, MANY)
    assert all(number < place for place, piece in enumerate(pieces) for number in piece.after)
    jobs = built(pieces, waiting)
    for stage in {stage for cell in waiting for stage in cell}:
        assert sum(stage in job for job in jobs) == 1, stage
    for piece, job in zip(pieces, jobs, strict=True):
        for stage in job & set(piece.stages):
            assert all(any(read in jobs[n] for n in piece.after) or read in job for read in reads[stage])

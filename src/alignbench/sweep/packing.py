"""How the cells of a sweep become jobs: what several of them wait for comes first, and small cells share a job."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from alignbench.types import check

# Name of a stage, as ``name/key`` -> those that it reads; in the order in which they are built.
Waiting = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Piece:
    """One job.

    Attributes:
        cells: places of its cells in the sweep; of a job that builds shared stages the one by whose words it does so.
        stages: that it builds; empty where it runs its cells.
        after: places of the jobs that it waits for.
    """

    cells: tuple[int, ...]
    stages: tuple[str, ...] = ()
    after: tuple[int, ...] = ()


def pack(waiting: Sequence[Waiting], cells_per_job: int, shared_first: bool, most: int) -> list[Piece]:
    """The jobs of a sweep, those that build shared stages first.

    A stage is shared if cells of several jobs wait for it. Those that the same jobs wait for are built by one job,
    which itself waits for the jobs of what they read. Neighbouring cells share a job, in the order of the sweep.

    Args:
        waiting: of each cell, what it has still to build.
        cells_per_job: raised until there are no more than ``most`` jobs.

    Raises:
        AlignbenchError: one job for all cells would still be too many.
    """
    check(most > 0, "hydra.launcher.max_jobs", most, "the cells need one job at least")
    for size in count(cells_per_job):
        found = _pieces(waiting, size, shared_first)
        if len(found) <= most:
            return found
    raise AssertionError  # one job waits for nothing


def _pieces(waiting: Sequence[Waiting], size: int, shared_first: bool) -> list[Piece]:
    groups = [tuple(range(start, min(start + size, len(waiting)))) for start in range(0, len(waiting), size)]
    users: dict[str, set[int]] = defaultdict(set)
    reads: dict[str, Sequence[str]] = {}
    for number, cells in enumerate(groups):
        for cell in cells:
            for stage, before in waiting[cell].items():
                users[stage].add(number)
                reads[stage] = before
    units: dict[frozenset[int], list[str]] = defaultdict(list)
    for stage in users if shared_first else ():
        if len(users[stage]) > 1:
            units[frozenset(users[stage])].append(stage)
    # What a stage reads has at least its users: widest first, every job comes after those that it waits for.
    order = sorted(units, key=lambda unit: (-len(unit), sorted(unit)))
    place = {stage: number for number, unit in enumerate(order) for stage in units[unit]}
    found = []
    for number, unit in enumerate(order):
        awaited = {place[read] for stage in units[unit] for read in reads[stage] if read in place}
        found.append(Piece(groups[min(unit)][:1], tuple(units[unit]), tuple(sorted(awaited - {number}))))
    for number, cells in enumerate(groups):
        found.append(Piece(cells, after=tuple(n for n, unit in enumerate(order) if number in unit)))
    return found


def told(pieces: Sequence[Piece]) -> str:
    """In words, how many jobs there are of which kind."""
    shared = [piece for piece in pieces if piece.stages]
    sizes = Counter(len(piece.cells) for piece in pieces if not piece.stages)
    cells = ", ".join(f"{n} of {size} cell{'s' * (size > 1)}" for size, n in sorted(sizes.items(), reverse=True))
    stages = sum(len(piece.stages) for piece in shared)
    first = f"{len(shared)} first, for {stages} stages that several of them wait for; " if shared else ""
    return f"{len(pieces)} job{'s' * (len(pieces) > 1)}: {first}{cells}"

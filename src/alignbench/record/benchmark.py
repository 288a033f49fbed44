"""What a cell was asked by another benchmark than the survey."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alignbench.evaluation.items import Kind
from alignbench.evaluation.statistics import Difference, Interval
from alignbench.record.cell import CellFacts
from alignbench.record.stored import Manifest, StoredRecord, records


@dataclass(frozen=True)
class BenchmarkLine:
    """A metric of one entry: its mean over items, and its difference to another entry's on the same items.

    Attributes:
        kind: role of the entry, see :class:`~alignbench.evaluation.items.BoardEntry`.
        against: label of the entry that ``difference`` is measured from: the base model, for a trained model that is
            also prompted the base given the same prompt; None where there is no difference.
        facets: framing, language and the like, as text; empty where the metric pools them.
        key: of the stage that holds replies and scores.
    """

    label: str
    kind: Kind
    metric: str
    facets: str
    value: Interval
    difference: Difference | None
    n: int
    key: str = ""
    against: str | None = None


@dataclass(frozen=True)
class BenchmarkRecord(StoredRecord):
    """The lines of one benchmark for one cell; ``benchmark`` is its name on the command line."""

    cell: CellFacts
    benchmark: str
    lines: tuple[BenchmarkLine, ...]


def finished_benchmarks(store: Path) -> list[tuple[Path, Manifest, BenchmarkRecord]]:
    """Folder, manifest and record of every benchmark that a cell was asked, the oldest first."""
    return records(store, "benchmark", BenchmarkRecord)


def benchmarks_of(cell: CellFacts, found: Sequence[tuple[Path, Manifest, BenchmarkRecord]]) -> list[BenchmarkRecord]:
    """What ``cell`` was asked; of several with one name the newest."""
    return list({record.benchmark: record for _, _, record in found if record.cell == cell}.values())

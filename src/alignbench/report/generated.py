"""What a cell rests on that a model wrote: how many texts were made, kept and trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alignbench.files import leave_out, read_object
from alignbench.record.cell import CellRecord
from alignbench.synthetic.folder import holds_set, tallies_of
from alignbench.synthetic.tally import Tally

_FIT = "fit"


@dataclass(frozen=True)
class Account:
    """The tally of one step of the row ``label``."""

    label: str
    tally: Tally

    @property
    def reasons(self) -> str:
        """Why texts were dropped, and how many for each reason."""
        return ", ".join(f"{count} {reason}" for reason, count in self.tally.dropped.items())


def accounts(record: CellRecord, store: Path) -> tuple[Account, ...]:
    """Steps of every row in the order of its stages, the rows trained on last; none where no model wrote anything."""
    found: dict[str, list[Tally]] = {}
    trained: dict[str, list[Tally]] = {}
    for entry in record.provenance:
        folder, label = store / entry.name / str(entry.key), entry.row or ""
        if holds_set(folder):
            found.setdefault(label, []).extend(_written(folder))
        elif entry.name == _FIT and entry.row:
            trained[label] = _trained(folder)
    return tuple(Account(label, tally) for label, made in found.items() for tally in (*made, *trained.get(label, [])))


def _written(folder: Path) -> list[Tally]:
    try:
        return tallies_of(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        leave_out(folder, error)
        return []


def _trained(fit: Path) -> list[Tally]:
    file = fit / "manifest.json"
    manifest = read_object(file) if file.is_file() else None
    rows = manifest["facts"].get("rows") if manifest else None
    if rows is None:
        return []
    return [Tally.of(rows) if isinstance(rows, Mapping) else Tally("training rows", rows)]

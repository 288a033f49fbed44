"""What a cell rests on that a model wrote: how many texts were made, kept and trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alignbench.files import leave_out, read_object
from alignbench.record.cell import CellRecord
from alignbench.synthetic.folder import holds_set, ledgers_of
from alignbench.synthetic.ledger import Ledger

_FIT = "fit"


@dataclass(frozen=True)
class Account:
    """The ledger of one step of the row ``label``."""

    label: str
    ledger: Ledger

    @property
    def reasons(self) -> str:
        """Why texts were dropped, and how many for each reason."""
        return ", ".join(f"{count} {reason}" for reason, count in self.ledger.dropped.items())


def accounts(record: CellRecord, store: Path) -> tuple[Account, ...]:
    """Steps of every row in the order of its stages, the rows trained on last; none where no model wrote anything."""
    found: dict[str, list[Ledger]] = {}
    trained: dict[str, list[Ledger]] = {}
    for entry in record.provenance:
        folder, label = store / entry.name / str(entry.key), entry.row or ""
        if holds_set(folder):
            found.setdefault(label, []).extend(_written(folder))
        elif entry.name == _FIT and entry.row:
            trained[label] = _trained(folder)
    return tuple(Account(label, ledger) for label, made in found.items() for ledger in (*made, *trained.get(label, [])))


def _written(folder: Path) -> list[Ledger]:
    try:
        return ledgers_of(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        leave_out(folder, error)
        return []


def _trained(fit: Path) -> list[Ledger]:
    file = fit / "manifest.json"
    manifest = read_object(file) if file.is_file() else None
    rows = manifest["facts"].get("rows") if manifest else None
    if rows is None:
        return []
    return [Ledger.of(rows) if isinstance(rows, Mapping) else Ledger("training rows", rows)]

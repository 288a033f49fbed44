"""The page of one cell: one self-contained HTML file, with an account of what it rests on that a model wrote."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignbench.errors import AlignbenchError
from alignbench.evaluation.catalogue import Placement, of_rows
from alignbench.files import leave_out, read_object, write_text
from alignbench.record.cell import (
    CHECKPOINT,
    CHECKPOINT_ON_TEST,
    MARKS,
    BenchmarkRecord,
    CellRecord,
    ItemRecord,
    PoolRecord,
)
from alignbench.report import figures, numbers
from alignbench.report.numbers import text
from alignbench.report.origin import Origin
from alignbench.report.table import COVERS, MEASURED
from alignbench.report.verdict import exposed, inseparable, verdict
from alignbench.synthetic.folder import holds_set, tallies_of
from alignbench.synthetic.tally import Tally
from alignbench.templates import templates

if TYPE_CHECKING:
    from jinja2 import Environment

_FIT = "fit"
STYLES = Path(__file__).parent / "templates"
SHOWN_ITEMS = 4  # gains, and as many losses
SHOWN_SAMPLES = 3
_FIRST_CURVES = ("reward", "validation", CHECKPOINT, CHECKPOINT_ON_TEST, "loss", "entropy", "zero_variance_share")


def accounts(record: CellRecord, store: Path) -> tuple[tuple[str, Tally], ...]:
    """Label and tally of the steps of every row, the rows trained on last; none where no model wrote anything."""
    found: dict[str, list[Tally]] = {}
    trained: dict[str, list[Tally]] = {}
    for entry in record.provenance:
        folder, label = store / entry.name / str(entry.key), entry.row or ""
        if holds_set(folder):
            found.setdefault(label, []).extend(_written(folder))
        elif entry.name == _FIT and entry.row:
            trained[label] = _trained(folder)
    return tuple((label, tally) for label, made in found.items() for tally in (*made, *trained.get(label, [])))


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


@dataclass(frozen=True)
class ItemChange:
    """An item, and by how much its score rose from the base model, given the same prompt, to the aligned one."""

    item: ItemRecord
    change: float
    base: tuple[float, ...]
    own: tuple[float, ...]

    @property
    def axis(self) -> figures.Axis:
        """From no answers to the largest share of any option."""
        return figures.Axis(0.0, 1.05 * max(*self.item.survey, *self.base, *self.own))


@dataclass(frozen=True)
class Curve:
    """A figure logged in training."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def mark(self) -> str:
        """What must be said of it; mostly nothing."""
        return MARKS.get(self.name, "")

    @property
    def low(self) -> float:
        """Smallest value."""
        return min(y for _, y in self.points)

    @property
    def high(self) -> float:
        """Largest value."""
        return max(y for _, y in self.points)


def write_page(
    record: CellRecord,
    folder: Path,
    assets: Path,
    benchmarks: Sequence[BenchmarkRecord] = (),
    generated: Sequence[tuple[str, Tally]] = (),
) -> Path:
    """Write ``folder/index.html`` and return its path.

    Args:
        assets: where the record's pictures lie.
        generated: as :func:`accounts` gives it.

    Raises:
        AlignbenchError: the pool's picture is missing.
    """
    text = (
        environment()
        .get_template("page.html.jinja")
        .render(
            record=record,
            verdict=verdict(record),
            inseparable=inseparable(record),
            exposed=exposed(record) if record.exposure else None,
            facts=facts(record),
            origin=Origin.of_cell(assets),
            benchmarks=benchmarks,
            generated=generated,
            covers=f"{COVERS} {MEASURED}",
            main=of_rows(Placement.main),
            further=of_rows(Placement.further),
            axis=figures.axis_of(v for r in record.rows for v in (r.low, r.score, r.high)),
            moved=moved(record),
            shown_items=SHOWN_ITEMS,
            shown_samples=SHOWN_SAMPLES,
            curves=curves(record.history or ()),
            picture=_picture(record.pool, assets),
            clusters=_clusters(record.pool),
        )
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    write_text(path, text)
    return path


def environment(*folders: Path) -> Environment:
    """Templates of some folders and of this room, with the figures and the numbers that all of them use."""
    made = templates(*folders, STYLES)
    made.globals.update(figures=figures, text=text)
    for name in ("number", "signed", "interval", "count", "percent", "p_value", "defined", "within"):
        made.filters[name] = made.globals[name] = getattr(numbers, name)
    made.filters["words"] = lambda name: str(name).replace("_", " ")
    return made


def facts(record: CellRecord) -> dict[str, str]:
    """What was run, name to text, in the order of the record's fields; labels last, and none of what was left open."""
    cell = asdict(record.cell)
    labels, _, _ = cell.pop("labels"), cell.pop("changed"), cell.pop("choices")
    return {k: str(v) for k, v in {**cell, **labels}.items() if v not in (None, "None", "[]")}


def moved(record: CellRecord) -> list[ItemChange]:
    """Items scored for both the aligned model and what it is compared with, the largest gain first."""
    base, own = record.prompted or record.base, record.aligned
    if base is None or own is None:
        return []
    both = [i for i in record.items if {base.label, own.label} <= i.scores.keys() & i.models.keys()]
    changes = [
        ItemChange(i, i.scores[own.label] - i.scores[base.label], i.models[base.label], i.models[own.label])
        for i in both
    ]
    return sorted(changes, key=lambda m: m.change, reverse=True)


def curves(history: Sequence[Mapping[str, float | None]]) -> list[Curve]:
    """Each figure of the history over the updates at which it was logged, if at least twice; reward first."""
    found = []
    for name in dict.fromkeys((*_FIRST_CURVES, *(k for row in history for k in row if k != "update"))):
        pairs = [(row.get("update"), row.get(name)) for row in history]
        points = [(x, y) for x, y in pairs if x is not None and y is not None and numbers.defined(y)]
        if len(points) > 1:
            found.append(Curve(name, tuple(points)))
    return found


def _clusters(pool: PoolRecord | None) -> dict[str, list[Mapping[str, Any]]]:
    """Norms by the name of their cluster, in the order of the pool."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for norm in pool.table if pool else ():
        found.setdefault(str(norm.get("name") or f"Cluster {norm['cluster']}"), []).append(norm)
    return found


def _picture(pool: PoolRecord | None, assets: Path) -> str | None:
    """The pool's picture as a data URI."""
    if pool is None or pool.picture is None:
        return None
    path = assets / pool.picture
    if not path.is_file():
        raise AlignbenchError("record.pool.picture", pool.picture, f"no such file in {assets}; build the pool again")
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

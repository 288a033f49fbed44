"""What a finished cell hands to its report: plain values, one JSON file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.evaluation.board import Row
from alignbench.types import Scale


@dataclass(frozen=True)
class Cell:
    """What was run.

    Attributes:
        labels: further facts to show (reward, prompts ...), name to text.
        changed: ``<group>.<knob>`` -> value, where a component that had a part in the result differs from what its
            choice sets by itself.
        choices: group -> choice, of those components but the method.
    """

    method: str
    culture: str
    country: str
    model: str
    seed: int
    survey: str
    split: str
    training: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """Name of the cell's page."""
        return slug(self.method, self.culture, self.model, self.seed, self.changed)


def slug(method: str, culture: str, model: str, seed: int, changed: Mapping[str, str]) -> str:
    """Name of a cell's page; the method's changed knobs are part of it."""
    knobs = [f"{k.removeprefix('method.')}={v}" for k, v in changed.items() if k.startswith("method.")]
    words = "-".join([method, *knobs, culture, model, f"s{seed}"])
    return re.sub(r"[^\w.,+=-]", "_", words)


@dataclass(frozen=True)
class ItemRecord:
    """A test item: shares of the survey and of each model, in the order of ``options`` (sum 1).

    ``models`` and ``scores`` are keyed by the labels of the board's rows.
    """

    id: str
    battery: str
    question: str
    options: tuple[str, ...]
    survey: tuple[float, ...]
    models: Mapping[str, tuple[float, ...]]
    scores: Mapping[str, float]
    scale: str = Scale.ordinal.name


@dataclass(frozen=True)
class PoolRecord:
    """The norm pool: a picture (file name inside the assets) and its norms.

    ``table`` has one mapping per norm: cluster, name (of the cluster), item, statement, opposite, support.
    """

    picture: str | None
    table: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class DamageRecord:
    """Another country, asked for by prompt: scores before and after alignment, and their paired difference.

    ``culture`` is the one of that country that was asked for.
    """

    country: str
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    culture: str = ""

    @property
    def told(self) -> str:
        """The culture, by its name where it is known, else by its country."""
        return self.culture or self.country


@dataclass(frozen=True)
class Sample:
    """An open question's norm, and the model's answer before and after alignment."""

    question: str
    norm: str | None
    before: str
    after: str


@dataclass(frozen=True)
class Source:
    """An input of the run: what it is used for, its name, version, licence, citation, store key."""

    what: str
    name: str
    version: str | None = None
    licence: str | None = None
    citation: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class CellRecord:
    """All that a report of one cell shows.

    Attributes:
        warning: what the report must say first.
        notes: sentences that every table of this cell must carry.
        score_name: what ``Row.score`` is, e.g. ``1 - JSD (base 2)``.
        calibration: the fields of ``alignbench.judge.calibration.Calibration``, and ``judge``, its name, if known.
        history: one mapping per logged update: ``update`` and the figures logged there.
        exposure: public fine-tuning set -> how many of the asked items stand in it.
        reading: sentences on how to read the figures, above all what each interval covers.
    """

    cell: Cell
    title: str
    score_name: str
    rows: tuple[Row, ...]
    warning: str | None = None
    notes: tuple[str, ...] = ()
    items: tuple[ItemRecord, ...] = ()
    calibration: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, float | None], ...] | None = None
    pool: PoolRecord | None = None
    samples: tuple[Sample, ...] = ()
    elsewhere: tuple[DamageRecord, ...] = ()
    provenance: tuple[Source, ...] = ()
    exposure: Mapping[str, int] = field(default_factory=dict)
    reading: tuple[str, ...] = ()

    @property
    def base(self) -> Row | None:
        """The base model's row: the first method row that is compared with nothing."""
        return next((r for r in self.rows if r.kind == "method" and r.difference is None), None)

    @property
    def aligned(self) -> Row | None:
        """The aligned model's row: the first method row that is not the base model."""
        return next((r for r in self.rows if r.kind == "method" and r is not self.base), None)

    @property
    def headline(self) -> Row:
        """The row that stands for the cell: the aligned model, the base model where nothing was aligned."""
        return self.aligned or self.base or self.rows[0]

    @property
    def control(self) -> Row | None:
        """The row of the same recipe trained for another country."""
        return next((r for r in self.rows if r.kind == "control"), None)

    @property
    def board(self) -> tuple[Row, ...]:
        """Rows in reading order: base, aligned, its controls, other methods, then references."""
        first = [r for r in (self.base, self.aligned) if r is not None]
        controls = [r for r in self.rows if r.kind == "control"]
        others = [r for r in self.rows if r.kind == "method" and r not in first]
        references = [r for r in self.rows if r.kind == "reference"]
        return (*first, *controls, *others, *references)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists, as ``json.dump`` takes them."""
        return dict(_plain(asdict(self)))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CellRecord:
        """The record in ``data``; numbers that are not finite become None.

        Raises:
            AlignbenchError: a field is missing or unknown.
        """
        d = _plain(data)
        try:
            return cls(
                **{
                    **d,
                    "cell": Cell(**d["cell"]),
                    "rows": tuple(Row(**r) for r in d["rows"]),
                    "items": tuple(_item(i) for i in d.get("items") or ()),
                    "history": None if d.get("history") is None else tuple(d["history"]),
                    "pool": PoolRecord(d["pool"]["picture"], tuple(d["pool"]["table"])) if d.get("pool") else None,
                    "samples": tuple(Sample(**s) for s in d.get("samples") or ()),
                    "elsewhere": tuple(DamageRecord(**e) for e in d.get("elsewhere") or ()),
                    "provenance": tuple(Source(**s) for s in d.get("provenance") or ()),
                    "notes": tuple(d.get("notes") or ()),
                    "reading": tuple(d.get("reading") or ()),
                }
            )
        except (KeyError, TypeError) as error:
            remedy = "this is not a record of this version; run the cell again"
            raise AlignbenchError("record", str(error), remedy) from error


def _item(data: Mapping[str, Any]) -> ItemRecord:
    tuples = {key: tuple(data[key]) for key in ("options", "survey")}
    return ItemRecord(**{**data, **tuples, "models": {k: tuple(v) for k, v in data["models"].items()}})


def _plain(value: Any) -> Any:
    """``value`` with lists for tuples and None for NaN and infinities, which JSON has not."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value

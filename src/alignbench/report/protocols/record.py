"""What a cell hands on when the protocols have scored it: plain values, one JSON file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alignbench.errors import AlignbenchError
from alignbench.evaluation.protocols.chart import Chart
from alignbench.evaluation.protocols.figure import Figure
from alignbench.report.record import REMEDY, records

Shares = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class ProtocolRecord:
    """Base and method of one cell under every protocol.

    Attributes:
        block: which items were asked.
        respondents: people interviewed; ``real`` if they answered the survey themselves.
        resampling: of the intervals: resamples, seed, confidence.
        figures: the table.
        batteries: of the items asked.
        truth: the country's shares of the items that it was asked.
        answers: label -> the model's shares under its own prompt, of all items asked.
        chart: the map; None where there is none.
        places: label -> the model's point on it.
        notes: what every table must carry; ``warning`` what it must say first.
    """

    method: str
    culture: str
    country: str
    iso3: str
    model: str
    seed: int
    survey: str
    block: str
    respondents: int
    real: bool
    resampling: Mapping[str, float]
    figures: tuple[Figure, ...]
    batteries: Mapping[str, str]
    truth: Shares
    answers: Mapping[str, Shares]
    chart: Chart | None
    places: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]
    warning: str | None

    @property
    def group(self) -> tuple[str, str, str]:
        """Records that may be put into one picture: model, survey and block."""
        return self.model, self.survey, self.block

    @property
    def name(self) -> tuple[Any, ...]:
        """Of two records with the same name the newer one counts."""
        return (*self.group, self.method, self.culture, self.seed)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ProtocolRecord:
        """Inverse of :meth:`to_json`.

        Raises:
            AlignbenchError: a field is missing or unknown.
        """
        try:
            chart = None if data["chart"] is None else _chart(data["chart"])
            figures = tuple(Figure(**figure) for figure in data["figures"])
            places = {label: tuple(point) for label, point in data["places"].items()}
            return cls(**{**data, "chart": chart, "figures": figures, "places": places, "notes": tuple(data["notes"])})
        except (KeyError, TypeError) as error:
            raise AlignbenchError("record", str(error), REMEDY) from error


def latest(store: Path) -> list[ProtocolRecord]:
    """The newest record of every cell in a store, by model, survey, block, method, culture and seed."""
    found = {record.name: record for _, _, record in records(store, "protocols", ProtocolRecord.from_json)}
    return [found[name] for name in sorted(found)]


def _chart(data: Mapping[str, Any]) -> Chart:
    tuples = {key: tuple(data[key]) for key in ("axes", "columns", "means", "deviations", "questions")}
    points = {"weights": tuple(map(tuple, data["weights"])), "origin": tuple(data["origin"])}
    countries = {iso3: tuple(point) for iso3, point in data["countries"].items()}
    return Chart(**{**data, **tuples, **points, "countries": countries})

"""What a cell hands on when the protocols have scored it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alignbench.evaluation.statistics import Bootstrap
from alignbench.protocols.chart import Chart
from alignbench.protocols.figure import Figure
from alignbench.record.stored import StoredRecord

# Item id -> shares in the order of ``Item.codes``.
Shares = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class ProtocolRecord(StoredRecord):
    """Base and method of one cell under every protocol.

    Attributes:
        respondents: people interviewed; ``real`` if they answered the survey themselves.
        truth: the country's shares of the items that it was asked.
        answers: label -> the model's shares under its own prompt, of all items asked.
        places: label -> the model's point on the chart.
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
    resampling: Bootstrap
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
        """What names the cell: of two records with the same name the newer one counts."""
        return (*self.group, self.method, self.culture, self.seed)

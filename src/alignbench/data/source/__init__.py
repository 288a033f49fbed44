"""Where survey figures come from: bundled shares, the official files, a user's table."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pandas as pd

from alignbench.component import Component
from alignbench.data.people import Person, RespondentPanel
from alignbench.data.survey import Survey
from alignbench.types import Culture, Split


class SurveySource(Component, ABC):
    """Knobs of a survey source."""

    _group = "survey"

    @abstractmethod
    def load(self, cultures: tuple[Culture, ...]) -> Survey:
        """The whole survey, with the shares that these cultures bring along (``Culture.shares``).

        Raises:
            AlignbenchError: file or column missing, shares that do not add up, unknown item ...
        """

    def people(self, iso3: str, count: int, seed: int) -> tuple[Person, ...] | None:
        """``count`` respondents of a country, drawn at random; None where the source holds none."""
        return None

    def panel(self, iso3: str) -> RespondentPanel | None:
        """All respondents of a country and their answers; None where the source holds none."""
        return None

    def individuals(self, columns: Sequence[str]) -> pd.DataFrame | None:
        """Every respondent's codes in these columns, NaN where missing, with ``country`` (iso3) and ``weight``.

        None where the source holds no respondents. A column that the file lacks is NaN throughout.
        """
        return None

    @abstractmethod
    def splits(self) -> dict[str, Split]:
        """Battery -> split, fixed in a file, the same for every method."""

"""alignbench: methods of cultural alignment, compared on equal terms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"


def load_results(store: str | Path = "outputs/store") -> pd.DataFrame:
    """All figures of a store as one tidy table: a row per cell, row of its board and metric.

    Columns, units and metrics are those of :mod:`alignbench.report.schema`.

    Raises:
        AlignbenchError: the store holds nothing finished.
    """
    from alignbench.report.results import results

    return results(Path(store))

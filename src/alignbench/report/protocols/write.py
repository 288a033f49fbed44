"""Everything that many cells give together, as files."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from alignbench.report.protocols import atlas, specificity, table
from alignbench.report.protocols.record import ProtocolRecord, latest

# Where the pictures lie below the reports.
MAPS, MATRICES = "protocols/*/cultural_map.png", "protocols/*/specificity-*.png"


def write_protocols(store: Path, reports: Path) -> Path | None:
    """All finished cells of the store: ``protocols.{csv,parquet,md}``, and a folder of pictures per model and block.

    Returns:
        The Markdown table in ``<reports>/protocols``; None if the store holds no such cell.
    """
    records = latest(store)
    if not records:
        return None
    folder = reports / "protocols"
    folder.mkdir(parents=True, exist_ok=True)
    rows = table.tidy(records)
    rows.to_csv(folder / "protocols.csv", index=False)
    rows.to_parquet(folder / "protocols.parquet", index=False)
    for group, found in groupby(records, key=lambda record: record.group):
        _pictures(list(found), folder / _slug(*group))
    path = folder / "protocols.md"
    path.write_text(table.markdown(records), encoding="utf-8")
    return path


def _pictures(records: Sequence[ProtocolRecord], folder: Path) -> None:
    """``cultural_map.{png,csv}``, ``specificity.{csv,md}`` heat maps by method; of one model, survey and block."""
    folder.mkdir(exist_ok=True)
    mapped = [record for record in records if record.chart is not None]
    if mapped:
        atlas.draw(mapped, folder)
    found = specificity.matrices(records)
    if not found:
        return
    rows = pd.concat([specificity.tidy(method, matrix) for method, matrix in found.items()])
    rows.to_csv(folder / "specificity.csv", index=False)
    text = "\n".join(specificity.markdown(method, matrix) for method, matrix in found.items())
    (folder / "specificity.md").write_text(f"# Whose model fits whose survey\n\n{text}", encoding="utf-8")
    for method, matrix in found.items():
        specificity.draw(method, matrix, folder / f"specificity-{method}.png")


def _slug(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")

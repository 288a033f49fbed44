"""Everything that many cells give together, as files, each written whole or not at all."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from alignbench.files import write_table, write_text
from alignbench.protocols import atlas, specificity, table
from alignbench.protocols.record import ProtocolRecord, latest
from alignbench.report.board.page import MAPS, MATRICES


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
    for suffix in ("csv", "parquet"):
        write_table(folder / f"protocols.{suffix}", rows)
    for group, found in groupby(records, key=lambda record: record.group):
        name = re.sub(r"[^a-z0-9]+", "-", " ".join(group).lower()).strip("-")
        _write_pictures(list(found), folder / name)
    path = folder / "protocols.md"
    write_text(path, table.markdown(records))
    return path


def _write_pictures(records: Sequence[ProtocolRecord], folder: Path) -> None:
    """``cultural_map.{png,csv}``, ``specificity.{csv,md}`` heat maps by method; of one model, survey and block."""
    folder.mkdir(exist_ok=True)
    mapped = [record for record in records if record.chart is not None]
    if mapped:
        atlas.draw(mapped, folder / Path(MAPS).name)
    found = specificity.matrices(records)
    if not found:
        return
    rows = pd.concat([specificity.tidy(method, matrix) for method, matrix in found.items()])
    write_table(folder / "specificity.csv", rows)
    text = "\n".join(specificity.markdown(method, matrix) for method, matrix in found.items())
    write_text(folder / "specificity.md", f"# Whose model fits whose survey\n\n{text}")
    for method, matrix in found.items():
        specificity.draw(method, matrix, folder / Path(MATRICES).name.replace("*", method))

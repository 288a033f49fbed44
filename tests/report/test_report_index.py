import csv
from dataclasses import replace
from pathlib import Path

from alignbench.report.index import write_index
from alignbench.report.record import CellRecord


def test_page_csv_and_markdown_agree(record: CellRecord, tmp_path: Path) -> None:
    base = replace(
        record, cell=replace(record.cell, culture="china", country="China", method="none"), rows=record.rows[:1]
    )
    page = write_index({"b/c": record, "a": base}, tmp_path).read_text(encoding="utf-8")
    with (tmp_path / "cells.csv").open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["method"], first["score"], first["difference"], first["page"]) == (
        "none",
        "0.836",
        "",
        "a/index.html",
    )
    assert (second["seed"], second["difference_low"], second["own_minus_cross"]) == ("3", "0.066", "0.021")
    markdown = (tmp_path / "cells.md").read_text(encoding="utf-8")
    for text in (page, markdown):
        assert "[0.910, 0.950]" in text and "+0.095" in text and "+0.021" in text
        assert "a/index.html" in text and "b/c/index.html" in text
    assert page.index("China") < page.index("Iraq")
    assert "http" not in page.replace("http-equiv", "")


def test_no_cells(tmp_path: Path) -> None:
    assert "0 finished cells" in write_index({}, tmp_path).read_text(encoding="utf-8")

"""All results of a store as a dataset that others can read: tables in Parquet, logs in JSON, and a card."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from alignbench.files import write_table, write_text
from alignbench.record.finished import FinishedCell, finished
from alignbench.report.results import comparisons, results, schema_markdown
from alignbench.sharing import eee
from alignbench.sharing.card import command
from alignbench.templates import rendered

# Facts of a cell that stand in every row of the items.
_OF_CELL = ("method", "culture", "country", "model", "seed", "survey", "split", "elicit")
_TEMPLATES = Path(__file__).parent / "templates"


def write_results(store: Path, folder: Path, organisation: str) -> list[FinishedCell]:
    """Write all that ``store`` found out into ``folder``, over what an earlier call left there; the cells.

    Raises:
        AlignbenchError: the store holds no finished cell.
    """
    cells = finished(store)
    tables = {"results": results(store), "items": items(cells)}
    if any(row.kind == "method" for cell in cells for row in cell.record.rows):
        tables["comparisons"] = comparisons(store, None, (), {})
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / eee.FOLDER, ignore_errors=True)
    logs = eee.logs(cells, organisation)
    for log in logs:
        log.write(folder)
    for name, frame in tables.items():
        write_table(folder / f"{name}.parquet", frame)
    write_text(folder / "results.md", schema_markdown())
    write_text(folder / "README.md", card(cells, tables, len(logs)))
    return cells


def items(cells: Sequence[FinishedCell]) -> pd.DataFrame:
    """A row for each cell, row of its board and question; shares of people and model stand in the order of options."""
    rows = [
        {
            "run": cell.stage.name,
            **{name: getattr(cell.record.cell, name) for name in _OF_CELL},
            "label": label,
            "item": item.id,
            "battery": item.battery,
            "question": item.question,
            "options": list(item.options),
            "people": list(item.survey),
            "answers": list(shares),
            "score": item.scores[label],
        }
        for cell in cells
        for item in cell.record.items
        for label, shares in item.models.items()
    ]
    return pd.DataFrame(rows)


def card(cells: Sequence[FinishedCell], tables: Mapping[str, pd.DataFrame], logs: int) -> str:
    """The text of README.md: what the hub shows as tables, which commands made it, and whose data it rests on."""
    from huggingface_hub import DatasetCardData

    data = DatasetCardData(
        license="other",
        pretty_name="alignbench results",
        tags=["cultural-alignment", "alignbench"],
        configs=[{"config_name": name, "data_files": f"{name}.parquet"} for name in tables],
    )
    sources = {s.name: s for cell in cells for s in cell.record.provenance if s.licence or s.citation}
    commands = dict.fromkeys(command(cell.config.get("overrides", ())) for cell in cells if cell.config)
    text = rendered(
        _TEMPLATES,
        "dataset.md",
        True,
        metadata=data.to_yaml(),
        cells=len(cells),
        rows={name: len(frame) for name, frame in tables.items()},
        logs=logs,
        folder=eee.FOLDER.as_posix(),
        schema=eee.SCHEMA,
        warnings=list(dict.fromkeys(cell.record.warning for cell in cells if cell.record.warning)),
        sources=list(sources.values()),
        commands=list(commands),
    )
    return f"{text}\n"

"""All protocols, methods and cultures in one table: tidy, as Markdown, and of one cell in the terminal."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import pandas as pd

from alignbench import escaping
from alignbench.evaluation.items import BASE
from alignbench.files import write_table, write_text
from alignbench.protocols import atlas, specificity
from alignbench.protocols.figure import Figure
from alignbench.protocols.record import ProtocolRecord
from alignbench.record.stored import records
from alignbench.report.board import MAPS, MATRICES
from alignbench.report.numbers import MISSING, interval, number, pipe_table
from alignbench.report.table import plain_console, words

_ARROW = {"up": "↑", "down": "↓"}
# Protocol, metric and part of the block.
_Key = tuple[str, str, str]
# Label -> its figures.
Sides = Mapping[str, Mapping[_Key, Figure]]


def tidy(records: Sequence[ProtocolRecord]) -> pd.DataFrame:
    """A row per model, culture, block, seed, side, protocol, metric and part of the block.

    The base model and the sanity rows are in the record of every method; of equal rows one is kept.
    """
    cells = [
        {
            "model": record.model,
            "survey": record.survey,
            "block": record.block,
            "culture": record.culture,
            "seed": record.seed if _seeded(figure) else None,
            **asdict(figure),
        }
        for record in records
        for figure in record.figures
    ]
    frame = pd.DataFrame(cells).astype({"seed": "Int64"})
    keys = ["model", "survey", "block", "culture", "seed", "label", "protocol", "metric", "part", "respondents"]
    return frame.drop_duplicates(keys, ignore_index=True)


def markdown(records: Sequence[ProtocolRecord]) -> str:
    """A table per model, block and culture: protocols in rows, sides in columns; what to know below."""
    sections = []

    def heading(record: ProtocolRecord) -> tuple[str, ...]:
        return (*record.group, record.culture)

    for (model, survey, block, culture), found in groupby(sorted(records, key=heading), key=heading):
        cells = list(found)
        sides, notes = _sides(cells), _notes(cells)
        titles = ("protocol", "metric", "better", *sides, "items (trained on)", "respondents", "interval over")
        listed = "".join(f"- {escaping.markdown(note)}\n" for note in notes)
        lines = pipe_table(titles, _rows(sides), 3)
        place = escaping.markdown(f"{culture}, {model}, {block}")
        sections.append(f"## {place}\n\n{escaping.markdown(survey)}\n\n{lines}\n{listed}")
    return "\n".join(["# Protocols side by side", "", *sections])


def print_protocols(record: ProtocolRecord) -> None:
    """The cell's table, and below it what a reader must know."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    title = f"{record.method} for {record.country} on {record.model}: {record.block}, {record.respondents} interviews"
    table = Table(box=SIMPLE_HEAD, title=words(title), collapse_padding=True)
    sides = _sides([record])
    for name in ("protocol", "metric", ""):
        table.add_column(name, no_wrap=True)
    for label in sides:
        table.add_column(words(label), justify="right", overflow="fold", min_width=8)
    table.add_column("items", justify="right")
    for row in _rows(sides):
        table.add_row(*map(words, row[: len(sides) + 4]))
    console = plain_console()
    console.width = max(console.width, 150)
    if record.warning:
        console.print(words(record.warning, "bold"))
    console.print(table)
    for note in _notes([record]):
        console.print(words(f"- {note}", "dim"))


def _sides(records: Sequence[ProtocolRecord]) -> Sides:
    """Models first, sanity rows last; a method with several seeds has a column for each."""
    found: dict[str, dict[_Key, Figure]] = {}
    for kind in ("method", "reference"):
        for record in records:
            for figure in record.figures:
                if figure.kind == kind:
                    seed = f" s{record.seed}" if record.seed and _seeded(figure) else ""
                    key = figure.protocol, figure.metric, figure.part
                    found.setdefault(figure.label + seed, {})[key] = figure
    return found


def _seeded(figure: Figure) -> bool:
    """Whether the figure may depend on the seed: a method's may, the base's and the sanity rows' do not."""
    return figure.kind != "reference" and figure.label != BASE


def _rows(sides: Sides) -> Iterator[list[str]]:
    """A row a metric, and below it one for each part of the block that it was computed on."""
    every = dict.fromkeys(key for figures in sides.values() for key in figures)
    whole = {key[:2]: place for place, key in reversed([*enumerate(every)])}
    for name in sorted(every, key=lambda key: whole[key[:2]]):
        here = [figures.get(name) for figures in sides.values()]
        first = next(figure for figure in here if figure is not None)
        trained = f" ({first.trained})" if first.trained else ""
        facts = [f"{first.items}{trained}", str(first.respondents or MISSING), first.covers or MISSING]
        protocol, metric, part = name
        yield [protocol, f"↳ {part}" if part else metric, _ARROW[first.direction], *map(_cell, here), *facts]


def _cell(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return MISSING
    bounds = f" {interval(figure.low, figure.high)}" if figure.kind != "reference" and figure.low is not None else ""
    return f"{number(figure.value)}{bounds}"


def _notes(records: Sequence[ProtocolRecord]) -> list[str]:
    """The figures' own notes by metric, each once, then those of the cells."""
    said: dict[str, list[str]] = {}
    for record in records:
        for figure in record.figures:
            if figure.kind != "reference" and not figure.part:
                said.setdefault(f"{figure.protocol}, {figure.metric}", []).extend(figure.note.split("; "))
    own = [f"{metric}: {'; '.join(dict.fromkeys(filter(None, notes)))}." for metric, notes in said.items()]
    shared = []
    for record in records:
        kind = "respondents of this survey" if record.real else "assumed people"
        interviewed = f"{record.respondents} {kind} were interviewed; {record.resampling.confidence:.0%} intervals."
        shared += [note for note in (record.warning, *record.notes, interviewed) if note]
    return list(dict.fromkeys([*shared, *own]))


def write_protocols(store: Path, reports: Path) -> Path | None:
    """All finished cells of the store: ``protocols.{csv,parquet,md}``, and a folder of pictures per model and block.

    Returns:
        The Markdown table in ``<reports>/protocols``; None if the store holds no such cell.
    """
    found = {record.name: record for _, _, record in records(store, "protocols", ProtocolRecord)}
    if not found:
        return None
    newest = [found[name] for name in sorted(found)]
    folder = reports / "protocols"
    folder.mkdir(parents=True, exist_ok=True)
    rows = tidy(newest)
    for suffix in ("csv", "parquet"):
        write_table(folder / f"protocols.{suffix}", rows)
    for group, cells in groupby(newest, key=lambda record: record.group):
        name = re.sub(r"[^a-z0-9]+", "-", " ".join(group).lower()).strip("-")
        _write_pictures(list(cells), folder / name)
    path = folder / "protocols.md"
    write_text(path, markdown(newest))
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

"""Several records of one cell as one: the newest leads, and what only an older one measured is added to it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alignbench.evaluation.board import Row
from alignbench.evaluation.items import ACROSS, BoardEntry
from alignbench.record.cell import ONE_FORM, CellRecord, ItemRecord


def with_older(record: CellRecord, older: CellRecord) -> CellRecord:
    """``record`` with the other countries, samples, notes and rows that ``older`` alone holds.

    Both must be of the same answers of base and method, scored in the same way. A row brings its shares, its sources
    and the sentences on how to read it; its p-value and that of its neighbours stay those of the board they came from.
    A row that both hold takes from ``older`` its specificity and formats, where these were asked for only then.
    """
    before = {row.label: row for row in older.rows}
    rows = [row for row in older.rows if row.label not in {known.label for known in record.rows}]
    formats = any(row.formats for row in older.rows) and not any(row.formats for row in record.rows)
    sentences = [sentence for sentence in record.reading if not (formats and sentence == ONE_FORM)]
    known = {other.name for other in record.elsewhere}
    return replace(
        record,
        rows=(*(_completed(row, before.get(row.label)) for row in record.rows), *rows),
        notes=_once(record.notes, older.notes),
        items=_items(record.items, older.items),
        samples=record.samples or older.samples,
        elsewhere=(*record.elsewhere, *(other for other in older.elsewhere if other.name not in known)),
        provenance=(*record.provenance, *(s for s in older.provenance if s not in record.provenance)),
        reading=_once(sentences, older.reading) if rows or formats else record.reading,
    )


def entries(boards: Iterable[Sequence[BoardEntry]]) -> list[BoardEntry]:
    """What stands on the boards of one cell, the newest first: of entries with one label the newest, references last.

    Formats, and scores on a control's survey, that only an older board holds of the same answers are added.
    """
    found: dict[str, BoardEntry] = {}
    for board in boards:
        for entry in board:
            newer = found.setdefault(entry.label, entry)
            if newer is not entry and newer.key == entry.key:
                found[entry.label] = _with_scores(newer, entry)
    return sorted(found.values(), key=lambda entry: entry.kind == "reference")


def _completed(row: Row, older: Row | None) -> Row:
    if older is None or older.key != row.key:
        return row
    names = [name for name in vars(row) if name.startswith("specificity")] if row.specificity is None else []
    names += [] if row.formats else ["formats", "format_spread", "separable"]
    return replace(row, **{name: getattr(older, name) for name in names})


def _with_scores(newer: BoardEntry, older: BoardEntry) -> BoardEntry:
    (frame,), (before,) = newer.frames, older.frames
    if ACROSS in before and frame[ACROSS].isna().all():
        frame = frame.assign(**{ACROSS: frame["item"].map(older.column(ACROSS))})
    return replace(newer, frames=[frame], formats=newer.formats or older.formats)


def _items(items: Sequence[ItemRecord], older: Sequence[ItemRecord]) -> tuple[ItemRecord, ...]:
    also = {item.id: item for item in older}
    return tuple(
        replace(
            item,
            models={**also[item.id].models, **item.models},
            scores={**also[item.id].scores, **item.scores},
        )
        if item.id in also
        else item
        for item in items
    )


def _once(*texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for part in texts for text in part))

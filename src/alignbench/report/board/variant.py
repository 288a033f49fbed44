"""What a cell's method is called where several recipes of it stand side by side."""

from __future__ import annotations

from collections.abc import Sequence

from alignbench.report.record import CellRecord

# Group -> stages of the method's chain that show it was used; a method's own knobs always count.
_USED_BY = {
    "training": {"fit"},
    "judge": {"calibrate"},
    "author": {"mine", "abstract", "distil"},
    "generator": {"fit"},
    "critic": {"fit"},
    "embedder": {"norms", "calibrate", "mine"},
}


def names(records: Sequence[CellRecord]) -> dict[int, str]:
    """``id`` of a record -> its name: the method, what was changed in it, and choices in which these records differ.

    ``culturerl, reward=verdict``; ``culturerl, training=lora`` where ``training=cpu`` is there, too.
    """
    used = {id(record): _used(record) for record in records}
    found = {}
    for record in records:
        like = [used[id(other)] for other in records if other.cell.method == record.cell.method]
        differing = {k: v for k, v in used[id(record)].items() if len({u.get(k) for u in like}) > 1}
        knobs = {**differing, **_changed(record)}
        words = [f"{knob.removeprefix('method.')}={value}" for knob, value in knobs.items()]
        found[id(record)] = ", ".join([record.cell.method, *words])
    return found


def _stages(record: CellRecord) -> set[str]:
    return {source.what.partition(" of ")[0] for source in record.provenance}


def _used(record: CellRecord) -> dict[str, str]:
    """Choices that went into the method's weights or prompts."""
    stages = _stages(record)
    return {g: c for g, c in record.cell.choices.items() if _USED_BY.get(g, set()) & stages}


def _changed(record: CellRecord) -> dict[str, str]:
    used = {"method", *_used(record)}
    return {knob: value for knob, value in record.cell.changed.items() if knob.partition(".")[0] in used}

"""What a cell's method is called where a store holds several recipes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alignbench.report.record import Cell


def variants(cells: Iterable[Cell]) -> dict[int, str]:
    """``id`` of each cell -> the knobs by which it differs from others of its method, e.g. ``reward=verdict``.

    Empty where all cells of a method share their knobs and training. A knob that a cell lacks is not named.
    """
    by_method: dict[str, list[Cell]] = {}
    for cell in cells:
        by_method.setdefault(cell.method, []).append(cell)
    return {id(cell): name for found in by_method.values() for cell, name in zip(found, _names(found), strict=True)}


def _names(cells: Sequence[Cell]) -> list[str]:
    knobs: list[Mapping[str, str | None]] = [{"training": cell.training, **cell.labels} for cell in cells]
    names = dict.fromkeys(name for one in knobs for name in one)
    differing = [name for name in names if len({one.get(name) for one in knobs}) > 1]
    return [", ".join(f"{name}={one[name]}" for name in differing if one.get(name)) for one in knobs]

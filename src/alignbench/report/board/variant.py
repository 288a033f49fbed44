"""What a cell's method is called where several recipes of it stand side by side."""

from __future__ import annotations

from collections.abc import Iterable

from alignbench.report.record import Cell


def variants(cells: Iterable[Cell]) -> dict[int, str]:
    """``id`` of a cell -> what was changed in it, and choices in which the cells of its method differ.

    ``reward=verdict``; ``training=lora`` where ``training=cpu`` is there, too; empty where there is nothing to tell.
    """
    by_method: dict[str, list[Cell]] = {}
    for cell in cells:
        by_method.setdefault(cell.method, []).append(cell)
    return {id(cell): _variant(cell, like) for like in by_method.values() for cell in like}


def names(cells: Iterable[Cell]) -> dict[int, str]:
    """``id`` of a cell -> its method and variant: ``culturerl, reward=verdict``."""
    known = list(cells)
    found = variants(known)
    return {id(cell): ", ".join(filter(None, [cell.method, found[id(cell)]])) for cell in known}


def _variant(cell: Cell, like: Iterable[Cell]) -> str:
    differing = {k: v for k, v in cell.choices.items() if len({other.choices.get(k) for other in like}) > 1}
    return ", ".join(f"{k.removeprefix('method.')}={v}" for k, v in {**differing, **cell.changed}.items())

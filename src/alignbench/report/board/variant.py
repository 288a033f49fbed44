"""What a cell's method is called where several recipes of it stand side by side; two recipes never share a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alignbench.report.board.cost import Ledger
from alignbench.report.record import Cell
from alignbench.report.study import Finished
from alignbench.store.key import canonical


@dataclass(frozen=True)
class Recipe:
    """How a cell's own answers came to be.

    Attributes:
        answers: key of the answers; None where they are not those of a cell's own row.
        lineage: hash of all that they rest on, without seeds.
        details: ``<group>`` -> class of every component that had a part, and ``<group>.<knob>`` -> its value.
    """

    cell: Cell
    answers: str | None = None
    lineage: str = ""
    details: Mapping[str, str] | None = None

    @classmethod
    def of(cls, cell: Finished, ledger: Ledger) -> Recipe:
        """The recipe of a finished cell, by its own row."""
        key = cell.record.headline.key
        components = ledger.components(key)
        knobs = cell.config.get("knobs", {})
        set_to = {
            f"{group}.{name}": value
            for group in ("method", *components)
            for name, value in _flat(knobs.get(group, {})).items()
        }
        return cls(cell.record.cell, key, ledger.recipe(key), {**set_to, **components})

    def same(self, other: Recipe) -> bool:
        """Whether both did the same, but for the seed: same answers, same lineage, or every detail equal."""
        return self.answers == other.answers or self.lineage == other.lineage or self.details == other.details


def variants(recipes: Sequence[Recipe]) -> list[str]:
    """In order: what was changed, and choices in which the cells of its method differ.

    ``reward=verdict``; ``training=lora`` where ``training=cpu`` is there, too; empty where there is nothing to tell.
    Recipes that differ in what no fact of the cell names are numbered, with what differs where that is known:
    ``variant 2 (judge=LikelihoodJudge)``.
    """
    by_method: dict[str, list[Cell]] = {}
    for recipe in recipes:
        by_method.setdefault(recipe.cell.method, []).append(recipe.cell)
    said = [_variant(recipe.cell, by_method[recipe.cell.method]) for recipe in recipes]
    alike: dict[tuple[str, str], list[int]] = {}
    for place, recipe in enumerate(recipes):
        if recipe.answers is not None:
            alike.setdefault((recipe.cell.method, said[place]), []).append(place)
    for places in alike.values():
        for place, number in zip(places, _numbers([recipes[place] for place in places]), strict=True):
            said[place] = ", ".join(filter(None, [said[place], number]))
    return said


def names(recipes: Sequence[Recipe]) -> list[str]:
    """In order: method and variant, ``culturerl, reward=verdict``."""
    found = zip(recipes, variants(recipes), strict=True)
    return [", ".join(filter(None, [recipe.cell.method, variant])) for recipe, variant in found]


def _variant(cell: Cell, like: Iterable[Cell]) -> str:
    differing = {k: v for k, v in cell.choices.items() if len({other.choices.get(k) for other in like}) > 1}
    return ", ".join(f"{k.removeprefix('method.')}={v}" for k, v in {**differing, **cell.changed}.items())


def _numbers(recipes: Sequence[Recipe]) -> list[str]:
    """``variant 1`` and so on, in an order that does not depend on when cells were finished; empty if all are one."""
    kinds: list[list[Recipe]] = []
    for recipe in recipes:
        joined = [kind for kind in kinds if any(recipe.same(other) for other in kind)]
        kinds = [kind for kind in kinds if kind not in joined] + [[recipe, *(r for kind in joined for r in kind)]]
    if len(kinds) == 1:
        return [""] * len(recipes)
    ordered = sorted(kinds, key=lambda kind: min(canonical([r.details, r.answers]) for r in kind))
    number = {id(recipe): place for place, kind in enumerate(ordered, start=1) for recipe in kind}
    return [f"variant {number[id(recipe)]}{_difference(recipe, recipes)}" for recipe in recipes]


def _difference(recipe: Recipe, like: Iterable[Recipe]) -> str:
    """`` (judge=LikelihoodJudge)``; empty where no detail differs."""
    own = recipe.details or {}
    differing = [f"{k}={v}" for k, v in own.items() if len({(other.details or {}).get(k) for other in like}) > 1]
    return f" ({', '.join(differing)})" if differing else ""


def _flat(knobs: Mapping[str, Any]) -> dict[str, str]:
    """Knob -> value as text, of nested ones with dots; classes come from the lineage."""
    found: dict[str, str] = {}
    for name, value in knobs.items():
        if isinstance(value, Mapping):
            found.update({f"{name}.{inner}": text for inner, text in _flat(value).items()})
        elif name != "_target_":
            found[name] = str(value)
    return found

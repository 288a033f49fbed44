"""What a cell's method is called where several recipes of it stand side by side; two recipes never share a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alignbench.evaluation.items import BoardEntry
from alignbench.identity import canonical
from alignbench.record.cell import CellFacts
from alignbench.record.finished import FinishedCell
from alignbench.record.lineage import Lineage


@dataclass(frozen=True)
class MethodVariant:
    """How the answers of a cell's own row, or of a baseline of it, came to be.

    Attributes:
        cell: facts of the cell; of a baseline, with the baseline as its method.
        answers: key of the answers; None where they are those to another benchmark.
        lineage: hash of all that they rest on, without seeds.
        details: ``<group>`` -> class of every component that had a part, and ``<group>.<knob>`` -> its value.
    """

    cell: CellFacts
    answers: str | None = None
    lineage: str = ""
    details: Mapping[str, str] | None = None

    @classmethod
    def of(cls, cell: FinishedCell, lineage: Lineage) -> MethodVariant:
        """The recipe of a finished cell, by its own row."""
        return cls._of(cell, cell.record.cell, cell.record.headline.key, lineage, cell.knobs.get("method", {}))

    @classmethod
    def of_baseline(cls, cell: FinishedCell, entry: BoardEntry, lineage: Lineage) -> MethodVariant:
        """The recipe of a baseline that stands on the cell's board."""
        facts = replace(cell.record.cell, method=entry.label, changed={}, choices={})
        return cls._of(cell, facts, entry.key, lineage, cell.knobs.get("baselines", {}).get(entry.label, {}))

    @classmethod
    def _of(
        cls, cell: FinishedCell, facts: CellFacts, key: str, lineage: Lineage, method: Mapping[str, Any]
    ) -> MethodVariant:
        components = lineage.components(key)
        knobs = {"method": method, **{group: cell.knobs.get(group, {}) for group in components}}
        set_to = {f"{group}.{name}": value for group in knobs for name, value in _flat(knobs[group]).items()}
        return cls(facts, key, lineage.recipe(key), {**set_to, **components})

    def same(self, other: MethodVariant) -> bool:
        """Whether both did the same, but for the seed: same answers, same lineage, or every detail equal."""
        return self.answers == other.answers or self.lineage == other.lineage or self.details == other.details


def variants(recipes: Sequence[MethodVariant]) -> list[str]:
    """In order: what was changed, and choices in which the cells of its method differ.

    ``reward=verdict``; ``training=lora`` where ``training=cpu`` is there, too; empty where there is nothing to tell.
    Recipes that differ in what no fact of the cell names are numbered, with what differs where that is known:
    ``variant 2 (judge=LikelihoodJudge)``.
    """
    by_method: dict[str, list[CellFacts]] = {}
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


def names(recipes: Sequence[MethodVariant]) -> list[str]:
    """In order: method and variant, ``culturerl, reward=verdict``."""
    found = zip(recipes, variants(recipes), strict=True)
    return [", ".join(filter(None, [recipe.cell.method, variant])) for recipe, variant in found]


def _variant(cell: CellFacts, like: Iterable[CellFacts]) -> str:
    names = differing([other.choices for other in like])
    chosen = {name: value for name, value in cell.choices.items() if name in names}
    return ", ".join(f"{k.removeprefix('method.')}={v}" for k, v in {**chosen, **cell.changed}.items())


def _numbers(recipes: Sequence[MethodVariant]) -> list[str]:
    """``variant 1`` and so on, in an order that does not depend on when cells were finished; empty if all are one."""
    kinds: list[list[MethodVariant]] = []
    for recipe in recipes:
        joined = [kind for kind in kinds if any(recipe.same(other) for other in kind)]
        kinds = [kind for kind in kinds if kind not in joined] + [[recipe, *(r for kind in joined for r in kind)]]
    if len(kinds) == 1:
        return [""] * len(recipes)
    ordered = sorted(kinds, key=lambda kind: min(canonical([r.details, r.answers]) for r in kind))
    number = {id(recipe): place for place, kind in enumerate(ordered, start=1) for recipe in kind}
    return [f"variant {number[id(recipe)]}{_difference(recipe, recipes)}" for recipe in recipes]


def _difference(recipe: MethodVariant, like: Iterable[MethodVariant]) -> str:
    """`` (judge=LikelihoodJudge)``; empty where no detail differs."""
    names = differing([other.details or {} for other in like])
    parts = [f"{name}={value}" for name, value in (recipe.details or {}).items() if name in names]
    return f" ({', '.join(parts)})" if parts else ""


def differing(ways: Sequence[Mapping[str, str]]) -> list[str]:
    """Names whose values are not the same in all of ``ways``."""
    known = dict.fromkeys(name for way in ways for name in way)
    return [name for name in known if len({way.get(name) for way in ways}) > 1]


def _flat(knobs: Mapping[str, Any]) -> dict[str, str]:
    """Knob -> value as text, of nested ones with dots; classes come from the lineage."""
    found: dict[str, str] = {}
    for name, value in knobs.items():
        if isinstance(value, Mapping):
            found.update({f"{name}.{inner}": text for inner, text in _flat(value).items()})
        elif name != "_target_":
            found[name] = str(value)
    return found

"""Who is asked what: the stages of a probe, which resume and are shared as those of any cell are."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, zip_longest
from pathlib import Path

from alignbench.aligned import AlignedModel
from alignbench.data.cultures import culture_named
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Labels, Orders, Style
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.metrics import js_divergence
from alignbench.evaluation.survey import FORMS, Scoring
from alignbench.probe.recipe import Names, Probing
from alignbench.runs.cell import Cell
from alignbench.runs.stages import Respond
from alignbench.steps.description import gibberish
from alignbench.steps.texts import wordings
from alignbench.types import Culture, Item, PromptPolicy, Scale, Split, check

# iso3 -> item id -> shares in the order of ``Item.codes``.
Truth = Mapping[str, Mapping[str, tuple[float, ...]]]


@dataclass(frozen=True)
class FormAsked:
    """One form of taking an answer, asked as two countries.

    Attributes:
        refused: why it cannot be asked here; ``told`` is empty then.
    """

    elicit: Elicit
    told: tuple[Respond, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Asked:
    """Everything that a probe asks.

    Attributes:
        called: by which names the countries were told.
        told: answers as each of ``iso3s``; ``nonsense`` as each of the names in ``strange``, which mean nothing.
        base: answers of the model that is told nothing; ``forms`` the same with other labels or in another frame.
        orders: whether the options were listed in both orders.
        pair: the countries of ``elicits``, places in ``iso3s``.
    """

    iso3s: tuple[str, ...]
    called: tuple[str, ...]
    strange: tuple[str, ...]
    items: tuple[Item, ...]
    truth: Truth
    base: Respond
    told: tuple[Respond, ...]
    nonsense: tuple[Respond, ...]
    forms: Mapping[str, Respond]
    orders: bool
    elicits: tuple[FormAsked, ...]
    pair: tuple[int, int]

    @property
    def stages(self) -> Iterator[tuple[str, Respond]]:
        """What is to be built, in this order, each with what it is for."""
        yield "told nothing", self.base
        for stage in self.told:
            yield "told a country", stage
        for stage in self.nonsense:
            yield "told a name without a meaning", stage
        for name, stage in self.forms.items():
            yield f"format {name}", stage
        for form in self.elicits:
            for stage in form.told:
                yield f"elicit={form.elicit.name}", stage


def asked(cell: Cell, knobs: Probing, folders: Sequence[Path]) -> Asked:
    """The stages of a probe; nothing is built.

    Args:
        folders: where culture YAMLs lie.

    Raises:
        AlignbenchError: answers are written where probabilities are needed, a culture that is not there or was not
            asked, two of one country, or no question that all were asked.
    """
    remedy = "a probe looks probabilities up: say elicit=label or text; task.elicits compares the written forms"
    check(not cell.scoring.elicit.written, "scoring.elicit", cell.scoring.elicit.name, remedy)
    cultures = tuple(culture_named(word, folders, "task.cultures") for word in knobs.cultures)
    iso3s = tuple(culture.iso3 for culture in cultures)
    check(len(set(iso3s)) == len(iso3s), "task.cultures", ",".join(knobs.cultures), "name each country once")
    items = _items(cell, knobs, iso3s)
    whole = cell.surveys[knobs.splits[0]].items if len(knobs.splits) == 1 and not knobs.items else items
    answers = {iso3: cell.survey.of(iso3) for iso3 in iso3s}
    truth = {iso3: {item.id: answers[iso3][item.id].shares for item in items} for iso3 in iso3s}
    scoring = cell.scoring

    def respond(policy: PromptPolicy, asking: Asking, of: tuple[Item, ...] = whole) -> Respond:
        return Respond(AlignedModel(cell.model, policy=policy), of, asking, scoring.chunk)

    def named(culture: Culture) -> PromptPolicy:
        return PromptPolicy(wordings(culture)[: knobs.wordings])

    called = cultures if knobs.names is Names.own else [_nonsense(culture, cell.seed) for culture in cultures]
    strange = [_nonsense(culture, cell.seed + 1) for culture in cultures[: knobs.nonsense]]
    policies = [named(culture) for culture in called]
    pair = _furthest(truth, items)
    few = _telling(truth, items, pair, knobs.form_items)
    return Asked(
        iso3s=iso3s,
        called=tuple(culture.country for culture in called),
        strange=tuple(culture.country for culture in strange),
        items=items,
        truth=truth,
        base=respond(PromptPolicy(), scoring.asking),
        told=tuple(respond(policy, scoring.asking) for policy in policies),
        nonsense=tuple(respond(named(culture), scoring.asking) for culture in strange),
        forms={
            name: respond(PromptPolicy(), scoring.with_knobs(formats=(), **FORMS[name]).asking)
            for name in ("numbers" if scoring.labels is Labels.letters else "letters", "reworded")
            if scoring.style is not Style.reworded or name != "reworded"
        },
        orders=scoring.orders is not Orders.forward,
        elicits=tuple(
            FormAsked(elicit, tuple(respond(policies[place], found, few) for place in pair))
            if isinstance(found := _asking(scoring, elicit, knobs.samples), Asking)
            else FormAsked(elicit, refused=found)
            for elicit in knobs.elicits
        ),
        pair=pair,
    )


def counted(cell: Cell, iso3s: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Split (``all`` for all of them together) -> questions that all these countries were asked, and their batteries.

    Of the test split it is only looked up which questions were asked.
    """
    shared = {split.name: _shared(cell, split, iso3s) for split in Split}
    shared["all"] = [item for items in shared.values() for item in items]
    return {name: (len(items), len({item.battery for item in items})) for name, items in shared.items()}


def _shared(cell: Cell, split: Split, iso3s: Sequence[str]) -> list[Item]:
    survey = cell.surveys[split]
    return [item for item in survey.items if all(item.id in survey.of(iso3) for iso3 in iso3s)]


def _items(cell: Cell, knobs: Probing, iso3s: Sequence[str]) -> tuple[Item, ...]:
    """Questions that all the countries were asked: the first of each battery, then the second, and so on."""
    for iso3 in iso3s:
        cell.survey.of(iso3)
    batteries: dict[str, list[Item]] = defaultdict(list)
    for split in knobs.splits:
        for item in _shared(cell, split, iso3s):
            batteries[item.battery].append(item)
    remedy = "no question of these splits was asked in all of these countries: name others"
    check(bool(batteries), "task.cultures", ",".join(knobs.cultures), remedy)
    spread = [item for row in zip_longest(*batteries.values()) for item in row if item is not None]
    chosen = {item.id for item in spread[: knobs.items or None]}
    return tuple(item for items in batteries.values() for item in items if item.id in chosen)


def _nonsense(culture: Culture, seed: int) -> Culture:
    """The culture under a name of random letters, as many and in as many words."""
    country, adjective = gibberish((culture.country, culture.adjective), seed)
    return replace(culture, country=country.title(), adjective=adjective.title())


def _furthest(truth: Truth, items: Sequence[Item]) -> tuple[int, int]:
    """The two whose people differ most."""

    def apart(pair: tuple[int, int]) -> float:
        one, other = (list(truth.values())[place] for place in pair)
        return sum(float(js_divergence(one[item.id], other[item.id])) for item in items)

    return max(combinations(range(len(truth)), 2), key=apart)


def _telling(truth: Truth, items: Sequence[Item], pair: tuple[int, int], count: int) -> tuple[Item, ...]:
    """The questions in which the two differ most, one a battery as long as there is another one.

    Questions whose options are words come first, because ten-point scales are asked by label in every form.
    """
    one, other = (list(truth.values())[place] for place in pair)
    seen: dict[str, int] = defaultdict(int)
    ordered = sorted(items, key=lambda item: -float(js_divergence(one[item.id], other[item.id])))
    rounds = {}
    for item in ordered:
        rounds[item.id] = (item.scale is Scale.ten_point, seen[item.battery])
        seen[item.battery] += 1
    return tuple(sorted(ordered, key=lambda item: rounds[item.id])[:count])


def _asking(scoring: Scoring, elicit: Elicit, samples: int) -> Asking | str:
    """How a form is asked, or why the scoring does not allow it."""
    try:
        return scoring.with_knobs(elicit=elicit, samples=samples).as_read.asking
    except AlignbenchError as error:
        return error.remedy

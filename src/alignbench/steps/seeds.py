"""Seeds: the training items from which data are made, and the answer that a country gives to each.

CultureLLM and CulturePark start from 50 items of the World Values Survey. An item that a country was not asked has no
answer there: it is left out and counted. (In the authors' tables its missing codes became a label.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from alignbench.data.distance import regional_variation
from alignbench.data.published import published_set
from alignbench.data.survey import Survey
from alignbench.norms.pool import norm_at
from alignbench.synthetic.tally import Tally
from alignbench.types import Answers, Item, Norm, Scale, check


class Seeds(Enum):
    """Which training items are seeds."""

    paper = "paper"  # all of the authors' 50 that are training items here
    most_varying = "most_varying"  # those on which countries differ most (ours)
    all = "all"


class Typical(Enum):
    """Which answer stands for a country; computed from the shares of the valid codes alone."""

    mode = "mode"  # the most frequent one
    median = "median"
    mean = "mean"  # the rounded mean position; the authors cut it off, and averaged missing codes in


def seeds_of(train: Survey, which: Seeds, count: int) -> tuple[Item, ...]:
    """Training items, whatever country is asked, in the survey's order; at most ``count`` of those that vary most.

    Raises:
        AlignbenchError: none of the authors' items is a training item of this survey.
    """
    items = train.items
    if which is Seeds.all:
        return items
    if which is Seeds.paper:
        authors = published_set("culturellm").items
        found = tuple(item for item in items if item.id in authors)
        remedy = f"survey {train.name} has none of them among its training items: choose most_varying or all"
        check(bool(found), "method.seeds", "paper", remedy)
        return found
    variation = regional_variation(train)
    ranked = sorted(items, key=lambda item: (-variation.get(item.id, 0.0), item.id))[:count]
    return tuple(item for item in items if item in ranked)


def seeds_note(which: Seeds, seeds: Sequence[Item]) -> tuple[str, ...]:
    """How many of the authors' items are seeds, for every table that rests on them."""
    if which is not Seeds.paper:
        return ()
    every = len(published_set("culturellm").items)
    rest = f"; the other {every - len(seeds)} are held out here, and nothing is learnt from them"
    return (f"Seeds: {len(seeds)} of the authors' {every} items{rest if every > len(seeds) else ''}.",)


def typical(item: Item, answers: Answers, how: Typical) -> int:
    """Position of the answer (index into ``Item.codes``); of equals the first. Nominal items have a mode only."""
    shares = answers.shares
    if how is Typical.mode or item.scale is Scale.nominal:
        return max(range(len(shares)), key=lambda i: (shares[i], -i))
    if how is Typical.mean:
        return int(sum(i * share for i, share in enumerate(shares)) + 0.5)
    return next(i for i in range(len(shares)) if sum(shares[: i + 1]) >= 0.5 - 1e-9)


@dataclass(frozen=True)
class TypicalAnswer:
    """A country's typical answer to an item.

    Attributes:
        position: among the options (index into ``Item.codes``).
        stance: the same in words, said by "I", with its opposite.
    """

    item: Item
    position: int
    stance: Norm


def held(seeds: Sequence[Item], train: Survey, iso3: str, how: Typical) -> tuple[dict[str, TypicalAnswer], Tally]:
    """Item id -> the country's typical answer, and the account of the seeds that it was not asked.

    Raises:
        AlignbenchError: it was asked none.
    """
    answers = train.of(iso3)
    found, tally = asked_there("seeds", seeds, train, iso3)
    check(bool(found), "method.seeds", str(tally), "none can be used for this country: choose other seeds")
    known = {}
    for item in found:
        own, position = answers[item.id], typical(item, answers[item.id], how)
        stance = norm_at(item, own, iso3, item.level(position), own.shares[position], "I")
        known[item.id] = TypicalAnswer(item, position, stance)
    return known, tally


def asked_there(what: str, items: Sequence[Item], train: Survey, iso3: str) -> tuple[list[Item], Tally]:
    """The items that the country was asked, and the account of those that it was not: they are left out, not filled."""
    answers, tally = train.of(iso3), Tally(f"{what} for {iso3}")
    found = [item for item in items if item.id in answers]
    tally.keep(len(found))
    for item in items:
        if item.id not in answers:
            tally.drop("not asked there", item.id)
    return found, tally

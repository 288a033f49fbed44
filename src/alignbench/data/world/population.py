"""The law of the planted world: ordered logit on latent traits, so every share can be computed exactly.

A respondent of country c, social group g and personal deviation u endorses item q by

    eta = offset_q + loading_q . (trait_c + effect_g + u) + logistic noise,   u ~ N(0, PERSONAL^2 I),

cut at fixed thresholds into as many levels as q has options; CARELESS of all answers are uniform.
All numbers are our choice, set so that countries differ about as much as in real surveys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.world.lexicon import Battery, Country, lexicon
from alignbench.types import Item, Split, check

Array = NDArray[np.float64]

CARELESS = 0.03
PERSONAL = 0.5
# Standard deviations: countries around their zone, batteries and items around the lexicon's figures.
_COUNTRY, _BATTERY, _ITEM, _LOADING = 0.35, 0.2, 0.3, 0.3
# Logits per unit of the lexicon's figures: how decided people are (normalised entropy about .7, as in real surveys).
_DECIDED = 1.8
# Distance of the thresholds, in logits of equal shares.
_STRETCH = 2.0
SEXES = ("man", "woman")
AGES = ((18, 34), (35, 54), (55, 84))
SCHOOLING = ("little", "some", "higher")
GROUPS = tuple(product(range(len(SEXES)), range(len(AGES)), range(len(SCHOOLING))))
# Effects on faith, hierarchy, family, openness, trust and engagement.
_EFFECTS = {
    "woman": (0.2, -0.2, 0.1, 0.1, 0.0, -0.1),
    "old": (0.3, 0.2, 0.1, -0.3, 0.1, 0.1),
    "higher": (-0.3, -0.2, -0.1, 0.3, 0.1, 0.3),
}
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


@dataclass(frozen=True)
class Respondents:
    """People of one country: index into :data:`GROUPS`, age in years, and answers as positions, (people, items)."""

    iso3: str
    groups: NDArray[np.int64]
    ages: NDArray[np.int64]
    answers: NDArray[np.int64]

    def person(self, index: int) -> str:
        """Who the respondent is, in words after "You are"."""
        sex, _, schooling = GROUPS[self.groups[index]]
        return f"a {SEXES[sex]} of {self.ages[index]} with {SCHOOLING[schooling]} schooling"

    def fields(self, index: int) -> dict[str, str]:
        """The same by the names of :data:`~alignbench.data.people.FIELDS`."""
        sex, _, schooling = GROUPS[self.groups[index]]
        return {"gender": SEXES[sex], "age": str(self.ages[index]), "education": SCHOOLING[schooling]}


@dataclass(frozen=True)
class Population:
    """A drawn world.

    Attributes:
        splits: battery -> split.
        traits: (countries, factors).
        margins: share of each social group, (countries, groups).
        loadings, offsets: (items, factors) and (items,); endorsement, see the module.
        reversed_: items whose *first* option endorses most.
    """

    countries: tuple[Country, ...]
    items: tuple[Item, ...]
    splits: dict[str, Split]
    traits: Array
    margins: Array
    loadings: Array
    offsets: Array
    reversed_: tuple[bool, ...]

    def index(self, iso3: str) -> int:
        """Position of a country.

        Raises:
            AlignbenchError: the world has no such country.
        """
        names = [place.iso3 for place in self.countries]
        check(iso3 in names, "iso3", iso3, f"this world holds {', '.join(names)}")
        return names.index(iso3)

    @cached_property
    def truth(self) -> tuple[Array, ...]:
        """Noise-free shares of each item, (countries, options), by Gauss-Hermite quadrature over people."""
        return tuple(self._shares(q) for q in range(len(self.items)))

    def _shares(self, q: int) -> Array:
        group = self.offsets[q] + (self.traits[:, None, :] + _group_effects()[None]) @ self.loadings[q]
        spread = PERSONAL * np.linalg.norm(self.loadings[q])
        eta = group[:, :, None] + spread * _NODES
        below = 1 / (1 + np.exp(eta[..., None] - _thresholds(len(self.items[q].codes))))
        levels = np.diff(below, axis=-1, prepend=0.0, append=1.0)
        shares = np.einsum("cgnk,cg,n->ck", levels, self.margins, _WEIGHTS / _WEIGHTS.sum())
        mixed = (1 - CARELESS) * shares + CARELESS / shares.shape[1]
        return np.asarray(mixed[:, ::-1] if self.reversed_[q] else mixed)

    def respondents(self, iso3: str, n: int, rng: np.random.Generator) -> Respondents:
        """``n`` people of a country, drawn at random, with their answers to all items."""
        country = self.index(iso3)
        groups = rng.choice(len(GROUPS), size=n, p=self.margins[country])
        bounds = np.array([AGES[GROUPS[g][1]] for g in groups]).reshape(-1, 2)
        ages = rng.integers(bounds[:, 0], bounds[:, 1] + 1)
        personal = rng.normal(0, PERSONAL, (n, self.traits.shape[1]))
        traits = self.traits[country] + _group_effects()[groups] + personal
        eta = self.offsets + traits @ self.loadings.T + rng.logistic(size=(n, len(self.items)))
        careless = rng.random(eta.shape) < CARELESS
        answers = np.empty(eta.shape, dtype=np.int64)
        for q, item in enumerate(self.items):
            k = len(item.codes)
            level = np.searchsorted(_thresholds(k), eta[:, q])
            level = np.where(careless[:, q], rng.integers(0, k, n), level)
            answers[:, q] = k - 1 - level if self.reversed_[q] else level
        return Respondents(iso3, groups, ages, answers)

    def microdata(self, respondents: Sequence[Respondents]) -> pd.DataFrame:
        """The respondents as the official wave-7 file would hold them: one column per item, codes as values.

        B_COUNTRY_ALPHA, W_WEIGHT (1), Q260 (sex, 1 man 2 woman), Q262 (age) and Q275R (education, 1 to 3).
        """
        frames = []
        for people in respondents:
            sexes, _, schooling = np.array(GROUPS)[people.groups].T
            frame = {"B_COUNTRY_ALPHA": people.iso3, "W_WEIGHT": 1.0, "Q260": sexes + 1, "Q262": people.ages}
            codes = {i.id: np.array(i.codes)[people.answers[:, q]] for q, i in enumerate(self.items)}
            frames.append(pd.DataFrame({**frame, "Q275R": schooling + 1, **codes}))
        return pd.concat(frames, ignore_index=True)


def populate(seed: int, countries: int, items_per_battery: int, questions: int = 0) -> Population:
    """Draw a world.

    Args:
        countries: how many, zones taking turns.
        items_per_battery: how many of each battery's questions.
        questions: 0 asks the lexicon's batteries; any other seed draws as many batteries at random from the
            lexicon, with fresh parameters: another survey from the same universe of questions.
    """
    words = lexicon()
    people = np.random.default_rng([seed, 0])
    zones = np.array([words.zones[place.zone] for place in words.countries])
    traits = zones + people.normal(0, _COUNTRY, zones.shape)
    margins = np.stack([_margins(people) for _ in words.countries])
    asked = np.random.default_rng([seed, 1, questions])
    drawn = asked.integers(len(words.batteries), size=len(words.batteries)) if questions else None
    batteries = words.batteries if drawn is None else tuple(words.batteries[i] for i in drawn)
    items, loadings, offsets, flipped, splits = [], [], [], [], {}
    for number, (battery, written) in enumerate(zip(batteries, words.batteries, strict=True)):
        name = battery.battery if drawn is None else f"{number + 1} {battery.battery}"
        splits[name] = Split[written.split]
        for position, (load, offset) in enumerate(_parameters(battery, asked)):
            if position < items_per_battery:
                item_id = f"W{number * len(battery.items) + position + 1}"
                items.append(words.item(item_id, name, battery, battery.items[position]))
                loadings.append(load)
                offsets.append(offset)
                flipped.append(words.forms[battery.form]["endorsing"] == "first")
    return Population(
        words.countries[:countries],
        tuple(items),
        splits,
        traits[:countries],
        margins[:countries],
        np.array(loadings),
        np.array(offsets),
        tuple(flipped),
    )


def _parameters(battery: Battery, rng: np.random.Generator) -> list[tuple[Array, float]]:
    """(loading, offset) of each entry: the lexicon's, with noise."""
    factors = lexicon().factors
    shift = rng.normal(0, _BATTERY)
    found = []
    for entry in battery.items:
        load = rng.normal(0, _LOADING, len(factors))
        load[factors.index(entry.factor)] += entry.loading
        offset = entry.offset + shift + rng.normal(0, _ITEM)
        found.append((_DECIDED * load, float(_DECIDED * offset)))
    return found


def _margins(rng: np.random.Generator) -> Array:
    """Shares of the groups of one country: half men, ages and schooling drawn."""
    ages = rng.dirichlet([14, 16, 10])
    schooling = rng.dirichlet([6, 8, 6])
    return np.array([0.5 * ages[a] * schooling[s] for _, a, s in GROUPS])


def _group_effects() -> Array:
    """Shift of the traits, (groups, factors); the middle group of ages and schooling has none."""
    woman, old, higher = (np.array(_EFFECTS[name]) for name in ("woman", "old", "higher"))
    return np.stack([sex * woman + (age - 1) * old + (schooling - 1) * higher for sex, age, schooling in GROUPS])


def _thresholds(options: int) -> Array:
    """Cuts of the endorsement scale, (options - 1,), ascending."""
    level = np.arange(1, options) / options
    return np.asarray(_STRETCH * np.log(level / (1 - level)))

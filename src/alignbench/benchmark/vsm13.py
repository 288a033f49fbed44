"""Hofstede's six dimensions by the Values Survey Module 2013, against the published country scores of 2015.

The questions are our own wording of the module's 24, with its codes and official weights. A question's mean answer is
the expected code over the model's distribution, averaged over the method's system texts: the module is meant for
samples of people, so let a method speak with many (personas). CulturePark, and CultureRL after it, read one sampled
reply and have another weight: knobs. Scores of several countries go together for the rank correlation of Masoud et al.
2023.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.benchmark import Provenance, Question, Reply
from alignbench.benchmark.published import Row, metric_rows, set_row, tidy
from alignbench.benchmark.spoken import Reading, Spoken
from alignbench.component import Count, NotNegative, PositiveShare
from alignbench.data.hofstede import TABLE, hofstede
from alignbench.data.items import load_items
from alignbench.evaluation.ask import Asking, Labels
from alignbench.evaluation.measures.hofstede import (
    DIMENSIONS,
    QUESTIONS,
    IndexWeights,
    dimension_scores,
    vsm13_distance,
)
from alignbench.evaluation.measures.ranks import kendall_tau
from alignbench.evaluation.metrics import Array
from alignbench.types import Culture, Item, check

_ITEMS = Path(__file__).parents[1] / "resources" / "vsm13" / "items.jsonl"
_CODES = (1, 2, 3, 4, 5)
_MIDDLE = 3.0
# What the authors' code takes a reply without a digit for.
_UNREAD = 10.0
# Facet of figures over several countries.
ALL = "all"


class Codeless(Enum):
    """What stands for a reply without a code of the scale."""

    left_out = "left_out"  # nothing: the dimension of its question has no index and no part in the distance
    ten = "ten"  # the first digit, whatever it is, or 10: as published, which wrecks the dimension


@dataclass(frozen=True)
class Vsm13(Spoken):
    """Indices PDI, IDV, MAS, UAI, LTO, IVR and their distance to Hofstede's table."""

    # Added to every index: the manual leaves it free; 50, as in CulturePark, centres them on the table's range.
    constant: float = 50.0
    _: KW_ONLY
    # The sampling is CultureRL's; CulturePark's code has a temperature of .7 and no top-p.
    temperature: NotNegative = 0.76
    top_p: PositiveShare = 0.9
    reply_tokens: Count = 128
    # Read by ``reading=words`` alone.
    unread: Codeless = Codeless.left_out
    # manual | culturepark: one weight of MAS, 35 or 25.
    weights: IndexWeights = IndexWeights.manual

    @property
    def files(self) -> tuple[Path, ...]:
        """Our wording and the table."""
        return (_ITEMS, TABLE)

    @property
    def provenance(self) -> Provenance:
        """Whose figures, and how answers are read."""
        if self.reading is Reading.probabilities:
            read = "A mean answer is the expected code over the option probabilities."
        else:
            lost = "is 10" if self.unread is Codeless.ten else "leaves out its dimension"
            read = f"A mean answer is the first digit of one sampled reply; a reply that cannot be read {lost}."
        own = self.weights is IndexWeights.manual
        return Provenance(
            population="matched samples of IBM employees and later ones; LTO and IVR: World Values Survey",
            year="table of 2015, samples from 1967 on",
            language="English",
            collection="national indices published by Hofstede, Hofstede and Minkov",
            licence="published figures, for research with attribution; the questionnaire is under copyright",
            source="bundled: our wording of the 24 questions, and the 2015 figures of the cultures that have a file",
            assumptions=(
                f"Our wording is not the official instrument; codes {'and weights ' if own else ''}are the module's.",
                *(() if own else ("Weights are CulturePark's: 25 for 35 in one half of MAS.",)),
                "The table's indices have another origin than the formulas: differences between countries say more "
                "than a distance, and dimensions that are not published are left out of it.",
                read,
            ),
        )

    def questions(self, culture: Culture) -> list[Question]:
        """The 24 questions; none where the table does not have the country."""
        if culture.iso3 not in published():
            return []
        gold = {d: None if math.isnan(x) else x for d, x in zip(DIMENSIONS, published()[culture.iso3], strict=True)}
        return [Question(item, gold, {"country": culture.iso3}, **self._form(item)) for item in _items()]

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Mean answers by question; indices, gaps and distance by country; taus over countries, if there are several.

        Read in words, ``unread_share`` is the share of the questions without a code. A tau is Kendall's tau-b between
        the model's and the published order of the countries, free of the constant.

        Raises:
            AlignbenchError: a country whose 24 questions are not all answered.
        """
        rows: list[Row] = []
        means: dict[str, dict[str, float]] = {}
        truth: dict[str, Array] = {}
        for reply in replies:
            question, mean = reply.question, self._mean(reply)
            country = question.facets["country"]
            rows += metric_rows(question, mean_answer=mean)
            means.setdefault(country, {})[question.item.id] = mean
            truth[country] = np.array([question.gold[d] for d in DIMENSIONS], dtype=np.float64)
        scores = {country: self._indices(country, answers) for country, answers in means.items()}
        for country, indices in scores.items():
            rows += self._of_country(country, indices, truth[country])
            if self.reading is Reading.words:
                unread = sum(code not in _CODES for code in means[country].values())
                rows.append(set_row("unread_share", unread / QUESTIONS, country=country))
        if len(scores) > 1:
            own, table = (np.stack([side[country] for country in scores], axis=1) for side in (scores, truth))
            for dimension, ours, theirs in zip(DIMENSIONS, own, table, strict=True):
                rows.append(set_row(f"{dimension}_tau", kendall_tau(ours, theirs), country=ALL))
        return tidy(rows)

    def _form(self, item: Item) -> dict[str, Any]:
        """The survey's own form, or, where a digit is read, the codes by number whatever labels the survey has."""
        if self.reading is Reading.probabilities:
            return {}
        asked = Asking(labels=Labels.numbers).prompt(item, 0, "forward", None).request
        return {"user": asked.chat[-1].content, "choices": asked.options}

    def _mean(self, reply: Reply) -> float:
        """The mean answer; NaN where there is none."""
        if self.reading is Reading.probabilities:
            assert reply.shares is not None
            return float(np.dot(reply.question.item.codes, reply.shares))
        digit = re.search(r"\d", reply.text or "", re.ASCII)
        code = float(digit[0]) if digit else _UNREAD
        return code if self.unread is Codeless.ten or code in _CODES else math.nan

    def _indices(self, country: str, means: Mapping[str, float]) -> Array:
        missing = [item.id for item in _items() if item.id not in means]
        check(not missing, f"vsm13, {country}", missing, f"all {QUESTIONS} questions must be answered")
        answers = [means[item.id] for item in _items()]
        return dimension_scores(answers, self.constant, self.weights, (0.0, _UNREAD))

    def _of_country(self, country: str, indices: Array, truth: Array) -> list[Row]:
        middle = dimension_scores(np.full(QUESTIONS, _MIDDLE), self.constant, self.weights)
        values = dict(zip(DIMENSIONS, indices, strict=True))
        values |= {f"{d}_gap": gap for d, gap in zip(DIMENSIONS, np.abs(indices - truth), strict=True)}
        for suffix, point in (("", indices), ("_midpoint", middle)):
            values[f"vsm13_distance{suffix}"] = vsm13_distance(point, truth)
            values[f"vsm13_distance_per_dimension{suffix}"] = vsm13_distance(point, truth, per_dimension=True)
        values["dimensions_published"] = np.count_nonzero(~np.isnan(truth))
        return [set_row(metric, value, country=country) for metric, value in values.items()]


@cache
def published() -> dict[str, Array]:
    """iso3 -> the six published indices, NaN where there is none."""
    table = hofstede().items()
    return {iso3: np.array([known.get(d.lower(), math.nan) for d in DIMENSIONS], float) for iso3, known in table}


@cache
def _items() -> tuple[Item, ...]:
    return load_items(_ITEMS)

"""How much of a score is the form of the question (Khan, Casper and Hadfield-Menell 2025, arXiv 2503.08688).

A *format* is one order of the options in one form (labels, frame). Every item is scored once per format, from the
responses that are there anyway; a method's system texts are averaged within a format, as in the score itself. With
orders=balanced the two orders belong to alternate system texts, so that their gap holds those texts' differences, too.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean

import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.score import score_items
from alignbench.evaluation.survey import Scoring, distributions


def format_scores(responses: Mapping[str, pd.DataFrame], survey: Survey, iso3: str, knobs: Scoring) -> dict[str, float]:
    """Format -> mean js similarity over the items that the country was asked.

    Args:
        responses: by the name of their form; "" is the main one.
    """
    found = {
        f"{form} {order}".strip(): score_items(distributions(asked, survey.items), None, survey, iso3, knobs)["js"]
        for form, frame in responses.items()
        for order, asked in frame.groupby("order")
    }
    return {name: float(found[name].mean()) for name in sorted(found)}


def mean_over_seeds(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean score of each format that all seeds were asked in."""
    common = set.intersection(*map(set, seeds)) if seeds else set()
    return {name: fmean(seed[name] for seed in seeds) for name in sorted(common)}

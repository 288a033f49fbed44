"""Do 95 % intervals hold the truth in 95 % of surveys? Asked of 120 surveys of the planted world.

Each survey draws 27 batteries anew from the same universe of questions and 1,200 respondents a country; the
evaluator sees the respondents' shares of the ten test batteries. The truth is the mean score over the universe.
"""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.data.source.world import Figures, PlantedWorld
from alignbench.data.splits import split_survey
from alignbench.evaluation.score import others_mean, score_items, uniform
from alignbench.evaluation.statistics import Bootstrap, interval, paired
from alignbench.evaluation.survey import SurveyBenchmark
from alignbench.types import Split

SURVEYS = 120
KNOBS = SurveyBenchmark()
BOOT = Bootstrap(resamples=2000)


def scores(questions: int) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Per-item values of a survey: scores of one fixed way of answering, and its difference to another."""
    source = PlantedWorld(
        countries=4, items_per_battery=2, questions=questions, figures=Figures.sample, sample_seed=questions
    )
    survey = split_survey(source.load(()), source.splits())[Split.test]
    american = {item.id: survey.of("USA")[item.id].shares for item in survey.items}
    found = {}
    for iso3 in ("DEU", "SAU"):
        own, mean, flat = (
            score_items(answers, None, survey, iso3, KNOBS)
            for answers in (american, others_mean(survey, iso3), uniform(survey, iso3))
        )
        batteries = own["battery"].tolist()
        found[f"{iso3} score"] = (own["js"].to_numpy(), batteries)
        found[f"{iso3} difference"] = ((mean["js"] - flat["js"]).to_numpy(), batteries)
    return found


@pytest.fixture(scope="module")
def surveys():
    return [scores(number) for number in range(1, SURVEYS + 1)]


def test_95_percent_intervals_hold_the_truth_in_93_to_97_percent_of_surveys(surveys) -> None:
    held = []
    for name in surveys[0]:
        truth = np.mean([survey[name][0].mean() for survey in surveys])
        for survey in surveys:
            values, batteries = survey[name]
            found = interval(values, batteries, BOOT)
            held.append((name, found.low <= truth <= found.high))
    each = {name: np.mean([h for n, h in held if n == name]) for name in surveys[0]}
    assert 0.93 <= np.mean([h for _, h in held]) <= 0.97, each
    assert all(0.91 <= share <= 0.98 for share in each.values()), each


def test_plain_percentile_intervals_hold_it_in_fewer_than_92_percent(surveys) -> None:
    """Why the evaluator does not use them."""
    rng = np.random.default_rng(0)
    held = []
    for name in surveys[0]:
        truth = np.mean([survey[name][0].mean() for survey in surveys])
        for survey in surveys:
            means = survey[name][0].reshape(10, -1).mean(axis=1)  # ten batteries of two questions
            low, high = np.quantile(rng.multinomial(10, np.full(10, 0.1), 1000) @ means / 10, [0.025, 0.975])
            held.append(low <= truth <= high)
    assert 0.85 < np.mean(held) < 0.92, np.mean(held)


def test_a_difference_that_is_none_is_called_one_in_about_5_percent(surveys) -> None:
    """Scores against their own mean over the universe: the null is true, and p is below .05 by chance alone."""
    rejected = []
    for name in ("DEU score", "SAU score"):
        truth = np.mean([survey[name][0].mean() for survey in surveys])
        for survey in surveys:
            values, batteries = survey[name]
            rejected.append(paired(values, np.full(len(values), truth), batteries, BOOT).p_value < 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.08

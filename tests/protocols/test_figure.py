"""Every protocol by hand on four people and two questions, and what must hold of any answers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from alignbench.evaluation.measures.inputs import REFUSED
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap
from alignbench.protocols.figure import Figure, Side, Truth, model_side, references
from alignbench.protocols.persons import NO_RESPONDENTS, persons
from alignbench.protocols.shares import crowd, national
from alignbench.types import Scale
from tests.evaluation.worlds import item, survey

ITEMS = (item("Q1", 2, "a", Scale.binary), item("Q2", 3, "b"))
SHARES = {"Q1": (0.75, 0.25), "Q2": (0.5, 0.25, 0.25)}
OTHER = {"Q1": (0.5, 0.5), "Q2": (0.1, 0.1, 0.8)}
WORLD = survey(ITEMS, {"XXX": SHARES, "YYY": OTHER})
OWN = np.array([[0, 0], [1, 2], [1, -1], [0, 2]], dtype=np.int8)
CHOICES = np.array([[0, 0], [0, 1], [1, 2], [REFUSED, 2]], dtype=np.int8)
TRUTH = Truth(WORLD, "XXX", ITEMS, frozenset({"Q2"}), OWN, 4, Bootstrap(200))
SPOKEN = {"Q1": np.array([0.5, 0.5]), "Q2": np.array([0.2, 0.3, 0.5])}
EPSILON = 1e-3


def figures(side: Side, truth: Truth = TRUTH) -> dict[tuple[str, str], Figure]:
    found = [
        *national(side, truth),
        *crowd(side, truth, EPSILON, True),
        *persons(side, truth),
    ]
    return {(figure.protocol, figure.metric.partition(",")[0]): figure for figure in found} | {
        (figure.protocol, figure.metric): figure for figure in found
    }


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Figure]:
    return figures(model_side("model", SPOKEN, CHOICES, ITEMS, ""))


def kl(p: list[float], q: list[float]) -> float:
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def js(p: list[float], q: list[float]) -> float:
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return (kl(p, middle) + kl(q, middle)) / 2


def test_shares_of_the_own_prompt(found: dict[tuple[str, str], Figure]) -> None:
    both = [js([0.75, 0.25], [0.5, 0.5]), js([0.5, 0.25, 0.25], [0.2, 0.3, 0.5])]
    assert found["CultureRL", "1 - JSD (ln)"].value == pytest.approx(1 - sum(both) / 2)
    distances = [math.sqrt(value) for value in both]
    assert found["GlobalOpinionQA", "1 - JS distance (ln)"].value == pytest.approx(1 - sum(distances) / 2)
    assert found["OpinionQA", "representativeness"].value == pytest.approx(1 - (0.25 + (0.3 + 0.25) / 2) / 2)
    # The likeliest options are the first (of a tie) and the third; the people's are the first and the first.
    assert found["CultureSPA", "1 - normalised Euclid"].value == pytest.approx(1 - 2 / math.sqrt(1 + 4))


def test_the_crowd_with_its_refusals(found: dict[tuple[str, str], Figure]) -> None:
    def smooth(shares: list[float]) -> list[float]:
        return [(share + EPSILON) / (1 + len(shares) * EPSILON) for share in shares]

    said = [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5, 0.0]]
    people = [[0.75, 0.25, 0.0], [0.5, 0.25, 0.25, 0.0]]
    pairs = list(zip(said, people, strict=True))
    expected = sum(kl(smooth(p), smooth(q)) for p, q in pairs) / 2
    assert found["CLCA", "KL(model || survey), eps 0.001"].value == pytest.approx(expected)
    distance = sum(math.sqrt(js(p, q)) for p, q in pairs) / 2
    assert found["CLCA", "JS distance (ln)"].value == pytest.approx(distance)
    softmax = [np.exp(p) / np.exp(p).sum() for p in said]
    compat = sum(kl(q, p.tolist()) for p, q in zip(softmax, people, strict=True)) / 2
    assert found["CLCA", "kl_clca_compat"].value == pytest.approx(compat)
    assert found["WorldValuesBench", "Wasserstein, aggregate"].value == pytest.approx((1 / 12 + 0.25) / 2)
    assert found["WorldValuesBench", "share below 0.2"].value == pytest.approx(0.5)
    assert "12% of the answers refused" in found["CLCA", "JS distance (ln)"].note


def test_answers_against_the_persons_own(found: dict[tuple[str, str], Figure]) -> None:
    assert found["CLCA", "exact match"].value == pytest.approx((1 + 0 + 1 + 0.5) / 4)
    assert found["AlKhamissi", "hard"].value == pytest.approx(4 / 7)
    assert found["AlKhamissi", "soft"].value == pytest.approx(4.5 / 7)
    first = wasserstein_distance([0, 0, 1], [0, 1, 1, 0])
    second = wasserstein_distance([0, 1, 2], [0, 2, 2]) / 2
    assert found["WorldValuesBench", "Wasserstein, individual"].value == pytest.approx((first + second) / 2)


def test_figures_say_what_they_rest_on(found: dict[tuple[str, str], Figure]) -> None:
    match = found["CLCA", "exact match"]
    assert (match.covers, match.items, match.trained, match.respondents) == ("respondents", 2, 1, 4)
    assert match.low is not None and match.high is not None and 0 <= match.low < 0.625 < match.high <= 1
    assert "1 of 2 items lie in training" in match.note
    own = found["CultureRL", "1 - JSD (ln)"]
    assert (own.direction, own.respondents) == ("up", 0)
    assert own.covers == ("" if own.low is None else "batteries of items")
    assert found["CLCA", "JS distance (ln)"].direction == "down"


def test_the_peoples_own_answers_score_best() -> None:
    choices = np.array([[0, 0], [0, 0], [0, 1], [1, 2]], dtype=np.int8)
    truth = replace(TRUTH, people=choices)
    shares: dict[str, Array] = {name: np.array(values) for name, values in SHARES.items()}
    for figure in figures(model_side("people", shares, choices, ITEMS, ""), truth).values():
        best = 1.0 if figure.direction == "up" else 0.0
        if figure.metric != "kl_clca_compat":
            assert figure.value == pytest.approx(best), figure.metric


def test_sanity_rows_go_through_every_protocol_within_its_range() -> None:
    by_label = {side.label: figures(side) for side in references(TRUTH, 1200)}
    assert len(by_label) == 4
    for found in by_label.values():
        for figure in found.values():
            assert figure.value is not None and 0 <= figure.value < 20
    uniform, majority, others, fresh = by_label.values()
    assert majority["CultureSPA", "1 - normalised Euclid"].value == 1
    assert uniform["AlKhamissi", "hard"].value == pytest.approx((4 * 0.5 + 3 / 3) / 7)
    # Expected hits of the other country's shares: person by person, then over the seven answers.
    assert others["AlKhamissi", "hard"].value == pytest.approx((4 * 0.5 + 0.1 + 0.8 + 0.8) / 7)
    assert fresh["CultureRL", "1 - JSD (ln)"].value > 0.999


def test_without_respondents_no_value_stands_in_for_them() -> None:
    assumed = replace(TRUTH, people=None)
    found = figures(model_side("model", SPOKEN, CHOICES, ITEMS, ""), assumed)
    for key in (("CLCA", "exact match"), ("AlKhamissi", "hard"), ("WorldValuesBench", "Wasserstein, individual")):
        assert found[key].value is None and found[key].note == NO_RESPONDENTS
    assert found["CLCA", "JS distance (ln)"].value is not None


def test_a_model_that_refuses_everything_has_no_answers_and_no_hits() -> None:
    found = figures(model_side("mute", SPOKEN, np.full((4, 2), REFUSED, dtype=np.int8), ITEMS, ""))
    assert found["CLCA", "exact match"].value == 0
    assert found["WorldValuesBench", "Wasserstein, aggregate"].value is None
    assert found["CLCA", "JS distance (ln)"].value == pytest.approx(math.sqrt(math.log(2)))

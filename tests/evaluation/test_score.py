from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.metrics import entropy, js_similarity, wasserstein_similarity
from alignbench.evaluation.score import ceiling, majority, others_mean, score_items, uniform
from alignbench.evaluation.survey import LogBase, Scoring
from alignbench.types import Scale

from .worlds import item, survey

ITEMS = [item("Q1"), item("Q2", 4, scale=Scale.nominal), item("Q3", 2, "c", Scale.binary)]
IRQ = {"Q1": (0.5, 0.3, 0.2), "Q2": (0.1, 0.2, 0.3, 0.4), "Q3": (0.9, 0.1)}
CHN = {"Q1": (0.2, 0.2, 0.6), "Q2": (0.4, 0.4, 0.1, 0.1)}
USA = {"Q1": (0.0, 0.4, 0.6)}
WORLD = survey(ITEMS, {"IRQ": IRQ, "CHN": CHN, "USA": USA})
KNOBS = Scoring()


def test_the_survey_itself_scores_one() -> None:
    frame = score_items(IRQ, {"Q1": 0.2, "Q2": 0.4, "Q3": 0.9}, WORLD, "IRQ", KNOBS)
    assert frame["item"].tolist() == ["Q1", "Q2", "Q3"] and frame["battery"].tolist() == ["b", "b", "c"]
    np.testing.assert_allclose(frame["js"], 1)
    np.testing.assert_allclose(frame["entropy_model"], frame["entropy_survey"])
    assert frame["mass"].tolist() == [0.2, 0.4, 0.9] and frame["n_options"].tolist() == [3, 4, 2]


def test_columns_are_the_metrics_of_the_pair() -> None:
    q = (0.1, 0.1, 0.8)
    row = score_items({**IRQ, "Q1": q}, None, WORLD, "IRQ", KNOBS).iloc[0]
    assert row["js"] == pytest.approx(float(js_similarity(IRQ["Q1"], q)))
    assert row["wasserstein"] == pytest.approx(float(wasserstein_similarity(IRQ["Q1"], q)))
    assert row["entropy_model"] == pytest.approx(float(entropy(q)))
    assert np.isnan(row["mass"])


def test_wasserstein_needs_an_order() -> None:
    frame = score_items(IRQ, None, WORLD, "IRQ", KNOBS).set_index("scale")
    assert np.isnan(frame.loc["nominal", "wasserstein"]) and frame.loc["binary", "wasserstein"] == 1


def test_base_and_root_are_the_knobs() -> None:
    flat = uniform(WORLD, "IRQ")
    scores = {
        (base, root): score_items(flat, None, WORLD, "IRQ", replace(KNOBS, js_base=base, js_sqrt=root))["js"].mean()
        for base in LogBase
        for root in (False, True)
    }
    assert scores[LogBase.e, False] > scores[LogBase.two, False] > scores[LogBase.two, True]


def test_only_items_asked_in_the_country_are_scored() -> None:
    assert score_items(IRQ, None, WORLD, "CHN", KNOBS)["item"].tolist() == ["Q1", "Q2"]
    with pytest.raises(AlignbenchError, match="Q3"):
        score_items(CHN, None, WORLD, "IRQ", KNOBS)
    with pytest.raises(AlignbenchError, match="ATL"):
        score_items(IRQ, None, WORLD, "ATL", KNOBS)
    with pytest.raises(AlignbenchError, match="none of the items"):
        score_items(IRQ, None, survey(ITEMS, {"IRQ": {}}), "IRQ", KNOBS)


def test_references() -> None:
    np.testing.assert_allclose(uniform(WORLD, "IRQ")["Q2"], np.full(4, 0.25))
    np.testing.assert_allclose(majority(WORLD, "IRQ")["Q2"], [0, 0, 0, 1])
    others = others_mean(WORLD, "IRQ")
    np.testing.assert_allclose(others["Q1"], [0.1, 0.3, 0.6])
    np.testing.assert_allclose(others["Q2"], CHN["Q2"])
    assert "Q3" not in others


@pytest.mark.parametrize("n", [300, 3000])
def test_ceiling_agrees_with_the_large_sample_formula(n: int) -> None:
    # E[JSD(p, p_hat)] is about (K - 1) / (8 n) nats: a quarter of the chi-square's (K - 1) / (2 n)
    frame = ceiling(survey(ITEMS, {"IRQ": IRQ}, n), "IRQ", KNOBS)
    loss = (frame["n_options"] - 1) / (8 * n * np.log(2))
    np.testing.assert_allclose(1 - frame["js"], loss, rtol=0.2)
    assert (frame["entropy_model"] - frame["entropy_survey"]).abs().max() < 0.01


def test_ceiling_uses_the_sources_n_and_else_the_assumed_one() -> None:
    unknown, known = survey(ITEMS, {"IRQ": IRQ}), survey(ITEMS, {"IRQ": IRQ}, 100)
    assumed = ceiling(unknown, "IRQ", replace(KNOBS, ceiling_n=100))["js"]
    np.testing.assert_array_equal(ceiling(known, "IRQ", KNOBS)["js"], assumed)
    assert (ceiling(unknown, "IRQ", KNOBS)["js"] > assumed).all()


def test_ceiling_draws_the_effective_number_of_respondents_where_shares_are_weighted() -> None:
    weighted = survey(ITEMS, {"IRQ": IRQ}, 1000)
    cells = {q: replace(answers, effective=99.8) for q, answers in weighted.of("IRQ").items()}
    found = ceiling(replace(weighted, answers={"IRQ": cells}), "IRQ", KNOBS)["js"]
    np.testing.assert_array_equal(found, ceiling(survey(ITEMS, {"IRQ": IRQ}, 100), "IRQ", KNOBS)["js"])
    assert (found < ceiling(weighted, "IRQ", KNOBS)["js"]).all()


def test_ceiling_of_an_item_does_not_depend_on_the_others() -> None:
    alone = ceiling(survey(ITEMS[1:2], {"IRQ": IRQ}), "IRQ", KNOBS)
    together = ceiling(WORLD, "IRQ", KNOBS).set_index("item")
    assert alone["js"][0] == together.loc["Q2", "js"]


def test_ceiling_draws_anew_for_every_item() -> None:
    twins = [item("A"), item("B")]
    frame = ceiling(survey(twins, {"IRQ": {"A": IRQ["Q1"], "B": IRQ["Q1"]}}), "IRQ", KNOBS)
    assert frame["js"][0] != frame["js"][1] == pytest.approx(frame["js"][0], abs=1e-3)

from __future__ import annotations

import numpy as np
import pytest

from alignbench.data.people import RespondentPanel
from alignbench.data.source.world import PlantedWorld
from alignbench.errors import AlignbenchError
from alignbench.evaluation.board import CEILING, HALVES, rows, scored, scored_twice
from alignbench.evaluation.items import BoardEntry
from alignbench.evaluation.metrics import js_similarity
from alignbench.evaluation.score import ceiling, split_half, uniform
from alignbench.evaluation.survey import Scoring

from .worlds import item, survey

KNOBS = Scoring(bootstrap=50)
ITEMS = [item("Q1", 3), item("Q2", 3)]


def drawn(people: int, seed: int = 0) -> RespondentPanel:
    rng = np.random.default_rng(seed)
    return RespondentPanel(np.ones(people), {i.id: rng.choice(3, people, p=(0.5, 0.3, 0.2)) for i in ITEMS})


def world(panel: RespondentPanel):
    shares = {q: np.bincount(a[a >= 0], minlength=3) / (a >= 0).sum() for q, a in panel.answers.items()}
    return survey(ITEMS, {"IRQ": shares}, n=len(panel.weights))


def test_two_people_who_differ_share_nothing_and_who_agree_everything() -> None:
    panel = RespondentPanel(np.ones(2), {"Q1": np.array([0, 2]), "Q2": np.array([1, 1])})
    assert split_half(panel, world(panel), "IRQ", KNOBS)["js"].tolist() == [0, 1]


def test_halves_lie_below_a_fresh_sample_by_what_sampling_explains() -> None:
    panel = drawn(600)
    halves, fresh = split_half(panel, world(panel), "IRQ", KNOBS), ceiling(world(panel), "IRQ", KNOBS)
    assert (halves["js"] < fresh["js"]).all()
    # Expected divergence is about (K - 1) / (8 ln 2) x sum of 1 / n: two halves of 300 against one sample of 600.
    assert (1 - halves["js"]).mean() / (1 - fresh["js"]).mean() == pytest.approx(4, rel=0.3)


def test_the_mean_over_halves_is_that_of_halving_shares_without_respondents() -> None:
    panel = drawn(40)
    counts = np.bincount(panel.answers["Q1"], minlength=3)
    first = np.random.default_rng(1).multivariate_hypergeometric(counts, 20, size=4000)
    expected = js_similarity(first / 20, (counts - first) / 20).mean()
    assert split_half(panel, world(panel), "IRQ", KNOBS)["js"][0] == pytest.approx(expected, abs=0.01)


def test_weights_count_and_missing_answers_do_not() -> None:
    panel = drawn(300)
    heavy = RespondentPanel(np.r_[np.full(6, 200.0), np.ones(294)], panel.answers)
    assert (
        split_half(heavy, world(panel), "IRQ", KNOBS)["js"].mean()
        < split_half(panel, world(panel), "IRQ", KNOBS)["js"].mean()
    )
    silent = {q: np.where(np.arange(300) < 150, -1, a) for q, a in panel.answers.items()}
    fewer = split_half(RespondentPanel(panel.weights, silent), world(panel), "IRQ", KNOBS)["js"].mean()
    assert fewer < split_half(panel, world(panel), "IRQ", KNOBS)["js"].mean()


def test_items_that_nobody_can_share_are_left_out() -> None:
    panel = drawn(300)
    alone = np.where(np.arange(300) == 7, panel.answers["Q1"], -1)
    half = split_half(RespondentPanel(panel.weights, {**panel.answers, "Q1": alone}), world(panel), "IRQ", KNOBS)
    assert half["item"].tolist() == ["Q2"]
    pair = np.where(np.arange(300) < 2, [0, 2] * 150, -1)
    assert split_half(RespondentPanel(panel.weights, {"Q1": pair}), world(panel), "IRQ", KNOBS)["js"].tolist() == [0]
    with pytest.raises(AlignbenchError, match="none of the items"):
        split_half(RespondentPanel(panel.weights, {"Q1": alone}), world(panel), "IRQ", KNOBS)


def test_the_board_has_the_row_where_there_are_respondents() -> None:
    panel = drawn(400)
    frame = scored_twice(uniform(world(panel), "IRQ"), None, world(panel), "IRQ", None, KNOBS)
    entries = [BoardEntry("base", "base", [frame], "k")]
    found = rows(scored(entries, world(panel), "IRQ", KNOBS, panel), KNOBS.resampling)
    by_label = {row.label: row for row in found}
    assert list(by_label)[-1] == HALVES and by_label[HALVES].kind == "reference"
    assert by_label["base"].score < by_label[HALVES].score < by_label[CEILING].score


def test_the_planted_world_knows_its_respondents() -> None:
    source = PlantedWorld(countries=3, items_per_battery=1, respondents=300)
    loaded = source.load(())
    iso3 = next(iter(loaded.answers))
    panel = source.panel(iso3)
    assert panel is not None and panel.weights.shape == (300,) and set(panel.answers) == {i.id for i in loaded.items}
    score = split_half(panel, loaded, iso3, KNOBS)["js"].mean()
    assert 0.97 < score < 1
    assert source.panel("XYZ") is None

"""The map: fitted, by published loadings, or a survey's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alignbench.evaluation.measures.cultural_map import ITEMS, LOADINGS, fit_map
from alignbench.protocols import inglehart_welzel as iw
from alignbench.protocols.chart import chart_of
from alignbench.types import Item, Scale
from tests.evaluation.worlds import item, survey

LAST = {"Q46": 4, "Q57": 2, "Q45": 3, "Q209": 3, "Q164": 10, "Q182": 10, "Q184": 10, "Q254": 4, "Q154": 4, "Q155": 4}
LAST |= dict.fromkeys(("Q8", "Q14", "Q15", "Q17"), 2)


def scale(last: int) -> Scale:
    return {10: Scale.ten_point, 2: Scale.binary}.get(last, Scale.ordinal)


def wvs(lacking: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    items: list[Item] = [item(q, last, q, scale(last)) for q, last in LAST.items() if q not in lacking]
    cells = {
        c: {i.id: rng.dirichlet(np.ones(len(i.codes))).tolist() for i in items} for c in ("AAA", "BBB", "CCC", "DDD")
    }
    return replace(survey(items, cells), name="wvs_test")


def respondents(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    trait = rng.normal(size=(count, 2))
    frame = {}
    for number, (q, last) in enumerate(LAST.items()):
        position = trait[:, number % 2] * (-1) ** number + rng.normal(size=count)
        frame[q] = np.clip(np.round((position + 2.5) / 5 * (last - 1)) + 1, 1, last)
    frame["Q155"] = (frame["Q154"] + 1) % 4 + 1
    frame["Q46"][::17] = np.nan
    countries = np.array(["AAA", "BBB", "CCC"])[rng.integers(0, 3, count)]
    return pd.DataFrame(frame).assign(country=countries, weight=1.0)


def test_published_loadings_on_the_z_scores_of_countries() -> None:
    held = wvs()
    chart = chart_of(held, held.items, None)
    assert chart is not None and chart.inglehart_welzel and len(chart.questions) == 14
    known = {i.id: i for i in held.items}
    table = []
    for cells in held.answers.values():
        found = iw.values({q: np.array(a.shares) for q, a in cells.items()}, known)
        table.append([float(found[name]) for name in ITEMS])
    z = (np.array(table) - np.mean(table, axis=0)) / np.std(table, axis=0)
    np.testing.assert_allclose(list(chart.countries.values()), z @ LOADINGS)
    shares = {q: np.array(a.shares)[None] for q, a in held.answers["BBB"].items()}
    np.testing.assert_allclose(chart.place(shares, held.items)[0], chart.countries["BBB"])


def test_values_that_a_survey_lacks_are_named_and_add_nothing() -> None:
    held = wvs(lacking=("Q154", "Q155"))
    chart = chart_of(held, held.items, None)
    assert chart is not None and "without Y002" in chart.caption
    assert not np.isnan(list(chart.countries.values())).any()


def test_a_fitted_map_places_a_person_where_the_map_itself_does() -> None:
    held, people = wvs(), respondents(600)
    chart = chart_of(held, held.items, people)
    assert chart is not None and "fitted" in chart.caption and set(chart.countries) == {"AAA", "BBB", "CCC"}
    codes = iw._codes(people)
    person = int(np.flatnonzero(~np.isnan(codes).any(axis=1))[0])
    own = {q: np.eye(last)[int(people[q][person]) - 1][None] for q, last in LAST.items()}
    expected = fit_map(codes).project(codes[[person]])
    np.testing.assert_allclose(chart.place(own, held.items), expected, atol=1e-6)


def test_another_survey_gets_a_map_of_its_own_that_says_so() -> None:
    items = [item(f"X{number}", 4) for number in range(5)]
    rng = np.random.default_rng(0)
    cells = {c: {i.id: rng.dirichlet(np.ones(4)).tolist() for i in items} for c in ("AAA", "BBB", "CCC")}
    held = survey(items, cells)
    chart = chart_of(held, items, None)
    assert chart is not None and not chart.inglehart_welzel and "no Inglehart-Welzel map" in chart.caption
    shares = {q: np.array(a.shares)[None] for q, a in held.answers["CCC"].items()}
    np.testing.assert_allclose(chart.place(shares, items)[0], chart.countries["CCC"])
    two = replace(held, answers={c: held.answers[c] for c in ("AAA", "BBB")})
    assert chart_of(two, items, None) is None

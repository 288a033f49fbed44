from dataclasses import replace

import pytest

from alignbench.data.distance import by_distance, mean_total_variation, regional_variation, total_variation
from alignbench.data.source.bundled import BundledSurvey
from alignbench.types import Answers


def test_total_variation_by_hand():
    assert total_variation((0.5, 0.5), (0.5, 0.5)) == 0
    assert total_variation((1.0, 0.0), (0.0, 1.0)) == 1
    assert total_variation((0.6, 0.3, 0.1), (0.5, 0.2, 0.3)) == pytest.approx(0.2)


def test_regional_variation_by_hand():
    survey = BundledSurvey("wvs7").load(())
    item = survey.items[0]
    answers = {
        "AAA": {item.id: Answers((1.0, 0.0, 0.0, 0.0))},
        "BBB": {item.id: Answers((0.0, 1.0, 0.0, 0.0))},
        "CCC": {},
    }
    # The mean is (.5, .5, 0, 0), and each country lies .5 from it.
    assert regional_variation(replace(survey, items=(item,), answers=answers)) == {item.id: pytest.approx(0.5)}
    answers["BBB"] = {}
    assert regional_variation(replace(survey, items=(item,), answers=answers)) == {}


def test_neighbours_are_nearer_than_strangers():
    survey = BundledSurvey("wvs7").load(())
    assert mean_total_variation(survey, "IRQ", "JOR") < mean_total_variation(survey, "IRQ", "DEU")
    order = [country for country, _ in by_distance(survey, "AUS")]
    assert order.index("NZL") < order.index("IRQ")

import pytest

from alignbench.data.published import ANY, exposure, published_set, published_sets
from alignbench.data.source.bundled import BundledSurvey
from alignbench.errors import AlignbenchError


def test_the_published_sets_have_their_sizes_and_name_items_of_the_survey():
    sizes = {"culturellm": 50, "culturerl": 62, "culturespa": 259, "social_values": 44}
    assert {s.name: len(s.items) for s in published_sets()} == sizes
    known = {item.id for item in BundledSurvey("wvs7").load(()).items}
    for found in published_sets():
        assert len(found.items - known) <= 9
    assert published_set("culturerl").items < published_set("culturespa").items
    with pytest.raises(AlignbenchError, match="culturellm"):
        published_set("culturemnc")


def test_exposure_counts_each_set_and_their_union():
    survey = BundledSurvey("wvs7").load(())
    asked = tuple(item for item in survey.items if item.id in ("Q27", "Q40", "Q62", "Q57"))
    assert exposure(survey, asked) == {"CultureLLM's seeds": 2, "CultureRL's norm pool": 3, ANY: 3}


def test_ids_of_another_survey_do_not_count():
    survey = BundledSurvey("aoi2022").load(())
    assert exposure(survey, survey.items) == {}

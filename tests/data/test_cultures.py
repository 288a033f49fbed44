from functools import cache

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from small import DIVORCE, TRUST, write_items

from alignbench.config import components, conf_dir, instantiate, schema
from alignbench.data.assemble import assemble
from alignbench.data.bundle import Citation
from alignbench.data.cultures import canonical, culture_named, culture_names
from alignbench.data.distance import by_distance, mean_total_variation, total_variation
from alignbench.data.items import load_items
from alignbench.data.source.bundled import BundledSurvey
from alignbench.data.source.timeseries import TimeSeries
from alignbench.errors import AlignbenchError
from alignbench.types import Answers, Culture

NAMES = culture_names([conf_dir()])
NINE = {"iraq", "bangladesh", "china", "usa", "germany", "korea", "brazil", "argentina", "turkey"}


@cache
def survey_of(name):
    """The survey that a culture's YAML asks for (wvs7 unless it overrides it)."""
    defaults = OmegaConf.load(conf_dir() / "culture" / f"{name}.yaml").defaults
    chosen = [str(v) for d in defaults if OmegaConf.is_dict(d) for k, v in d.items() if str(k).startswith("override")]
    return BundledSurvey(chosen[0] if chosen else "wvs7").load(())


@pytest.mark.parametrize("name", NAMES)
def test_every_culture_is_in_its_survey_with_its_control(name):
    culture, survey = culture_named(name, [conf_dir()]), survey_of(name)
    assert culture.name == name and len(culture.language) == 2
    assert survey.of(culture.iso3)
    control = culture_named(culture.control, [conf_dir()])
    assert survey.of(control.iso3) and control.iso3 != culture.iso3


def test_every_country_of_wave_seven_has_a_culture():
    codes = [culture_named(name, [conf_dir()]).iso3 for name in NAMES]
    assert len(set(codes)) == len(codes)
    assert set(codes) == {*BundledSurvey("wvs7").load(()).answers, "SAU"}
    assert {*NINE, "uk", "mexico", "japan", "saudi"} <= set(NAMES)


def test_saudi_alone_rests_on_another_survey_and_says_so():
    assert [name for name in NAMES if survey_of(name).name != "wvs7"] == ["saudi"]
    note = culture_named("saudi", [conf_dir()]).note
    assert note and "Arab Opinion Index 2022" in note and "wave 4 (2003)" in note


def test_choosing_saudi_chooses_its_survey_unless_one_is_named(tmp_path):
    text = f"defaults: [survey: wvs7, culture: iraq, _self_]\nhydra: {{searchpath: ['file://{conf_dir()}']}}\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    for group in ("survey", "culture"):
        for name, cls in components(group).items():
            ConfigStore.instance().store(group=f"schema/{group}", name=name, node=schema(cls))
    with initialize_config_dir(str(tmp_path), version_base=None):
        chosen = [
            instantiate(compose("config", overrides=overrides).survey)
            for overrides in ([], ["culture=saudi"], ["culture=saudi", "survey=wvs_timeseries", "survey.path=x.csv"])
        ]
    assert chosen == [BundledSurvey("wvs7"), BundledSurvey("aoi2022"), TimeSeries("x.csv")]


def test_controls_are_neither_twins_nor_extremes():
    survey = survey_of("iraq")
    nine = {culture_named(name, [conf_dir()]).iso3 for name in NINE}
    for name in NINE:
        culture = culture_named(name, [conf_dir()])
        control = culture_named(culture.control, [conf_dir()]).iso3
        order = [iso3 for iso3, _ in by_distance(survey, culture.iso3) if iso3 in nine]
        assert 0 < order.index(control) < len(order) - 1, name


def test_an_unknown_culture_lists_near_names():
    with pytest.raises(AlignbenchError, match=r"culture = 'irak'.*nearest: ira"):
        culture_named("irak", [conf_dir()])


@pytest.mark.parametrize("name", NAMES)
def test_every_culture_is_found_by_all_its_words_and_no_word_means_two(name):
    culture = culture_named(name, [conf_dir()])
    for word in (culture.country, culture.iso3, culture.iso3.lower(), culture.adjective, *culture.aliases):
        assert culture_named(word, [conf_dir()]) == culture, word


def test_of_several_cultures_of_one_country_the_plain_one_is_meant_or_they_are_listed(tmp_path):
    def write(name):
        text = f"name: {name}\ncountry: Atlantis\niso3: ATL\nadjective: Atlantean\ncontrol: iraq\n"
        (tmp_path / "culture" / f"{name}.yaml").write_text(text, encoding="utf-8")

    (tmp_path / "culture").mkdir()
    for name in ("atlantis_2024", "atlantis"):
        write(name)
    assert canonical("ATL", [tmp_path, conf_dir()]) == "atlantis"
    (tmp_path / "culture/atlantis.yaml").unlink()
    write("atlantis_1999")
    with pytest.raises(AlignbenchError, match=r"others = 'atlantean'.*choose one of atlantis_1999, atlantis_2024"):
        canonical("atlantean", [tmp_path, conf_dir()], "others")


@pytest.mark.parametrize("field", ["name", "country", "iso3", "adjective"])
def test_a_culture_without_a_word_is_refused(field):
    with pytest.raises(AlignbenchError, match=rf"culture\.{field} = ' '"):
        Culture(**{field: " "})


def test_the_first_folder_wins_and_a_wrong_file_is_refused(tmp_path):
    own = tmp_path / "culture" / "iraq.yaml"
    own.parent.mkdir()
    text = "defaults: [x]\nname: iraq\ncountry: Iraq\niso3: IRQ\nadjective: Iraqi\ncontrol: iran\n"
    own.write_text(text, encoding="utf-8")
    assert culture_named("iraq", [tmp_path, conf_dir()]).control == "iran"
    own.write_text(text + "lang: ar\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match=r"key = 'lang'.*nearest: language"):
        culture_named("iraq", [tmp_path])
    own.write_text("name: iraq\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match=r"country.*must be given"):
        culture_named("iraq", [tmp_path])


def test_distance_is_the_mean_over_items_both_answered(tmp_path):
    assert total_variation((1.0, 0.0), (0.25, 0.75)) == 0.75
    items = load_items(write_items(tmp_path / "items.jsonl", TRUST, DIVORCE))
    even = Answers((0.1,) * 10)
    cells = {
        "AAA": {"T1": Answers((1.0, 0.0, 0.0)), "D1": even},
        "BBB": {"T1": Answers((0.5, 0.5, 0.0)), "D1": even},
        "CCC": {"T1": Answers((0.0, 0.0, 1.0))},
        "DDD": {"D1": even},
    }
    survey = assemble(Citation("s", "s", "1", "c", "l"), items, cells, (), {})
    assert mean_total_variation(survey, "AAA", "BBB") == pytest.approx(0.25)
    del survey.answers["DDD"]
    assert by_distance(survey, "AAA") == [("BBB", pytest.approx(0.25)), ("CCC", 1.0)]


def test_distance_without_a_common_item_is_refused(tmp_path):
    items = load_items(write_items(tmp_path / "items.jsonl", TRUST, DIVORCE))
    cells = {"AAA": {"T1": Answers((1.0, 0.0, 0.0))}, "BBB": {"D1": Answers((0.1,) * 10)}}
    survey = assemble(Citation("s", "s", "1", "c", "l"), items, cells, (), {})
    with pytest.raises(AlignbenchError, match=r"AAA, BBB.*share no item"):
        mean_total_variation(survey, "AAA", "BBB")

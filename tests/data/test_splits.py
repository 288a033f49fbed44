import pytest
from small import SPLITS, write_items, write_rows

from alignbench.data.bundle import BUNDLED, bundled
from alignbench.data.items import load_items
from alignbench.data.source.bundled import BundledSurvey
from alignbench.data.splits import load_splits, split_survey
from alignbench.errors import AlignbenchError
from alignbench.types import Scale, Split

NINE = ("IRQ", "BGD", "CHN", "USA", "DEU", "KOR", "BRA", "ARG", "TUR")
TOGETHER = {
    "wvs7": [
        ("gender_and_parents", "duty_and_work"),
        ("immigration", "unwanted_neighbours"),
        ("political_systems", "democracy_essentials", "democracy_rating"),
        ("religious_belief", "religious_authority", "religious_practice", "science_and_technology"),
    ],
    "aoi2022": [("systems_for_country", "democracy_statements", "democracy_rating", "strong_executive")],
}


@pytest.fixture(scope="module", params=BUNDLED)
def parts(request):
    source = BundledSurvey(request.param)
    survey = source.load(())
    return survey, split_survey(survey, source.splits())


def test_splits_share_no_battery_and_lose_no_item(parts):
    survey, cut = parts
    batteries = [{item.battery for item in part.items} for part in cut.values()]
    assert sum(map(len, batteries)) == len(set.union(*batteries))
    assert {i.id for part in cut.values() for i in part.items} == {i.id for i in survey.items}
    for part in cut.values():
        ids = {item.id for item in part.items}
        assert all(set(cells) <= ids for cells in part.answers.values()), "no answer crosses a split"


def test_sizes_are_near_55_15_30(parts):
    survey, cut = parts
    for split, aim in ((Split.train, 0.55), (Split.validation, 0.15), (Split.test, 0.30)):
        assert len(cut[split].items) / len(survey.items) == pytest.approx(aim, abs=0.03)


def test_each_split_holds_several_topics(parts):
    for part in parts[1].values():
        assert len({item.topic for item in part.items}) >= 4


def test_near_duplicate_batteries_share_a_split():
    for name in BUNDLED:
        splits = bundled(name).splits
        for group in TOGETHER[name]:
            assert len({splits[battery] for battery in group}) == 1, group


def test_each_wave_seven_split_holds_ordinal_binary_and_ten_point_items():
    source = BundledSurvey("wvs7")
    for part in split_survey(source.load(()), source.splits()).values():
        assert {Scale.ordinal, Scale.binary, Scale.ten_point} <= {item.scale for item in part.items}


@pytest.mark.parametrize(
    ("name", "countries", "items", "batteries"), [("wvs7", NINE, 50, 8), ("aoi2022", ("SAU", "EGY", "JOR"), 40, 6)]
)
def test_test_split_is_large_enough_for_every_country(name, countries, items, batteries):
    source = BundledSurvey(name)
    test = split_survey(source.load(()), source.splits())[Split.test]
    assert len({item.battery for item in test.items}) >= batteries
    assert all(len(test.asked(iso3)) >= items for iso3 in countries)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (SPLITS[:2], ["battery", "'faith'", "add a row"]),
        ([*SPLITS, ("trust", "test")], ["row 5, column battery", "trust", "repeats an earlier"]),
        ([*SPLITS, ("trusst", "test")], ["row 5, column battery", "trusst", "no item", "nearest: trust"]),
        ([*SPLITS[:2], ("faith", "tset")], ["row 4, column split", "tset", "train, validation, test"]),
        ([*SPLITS[:2], ("faith", "train")], ["split = 'test'", "at least one battery"]),
    ],
)
def test_a_wrong_split_file_is_refused(tmp_path, rows, words):
    items = load_items(write_items(tmp_path / "items.jsonl"))
    path = write_rows(tmp_path / "splits.csv", "battery,split", *rows)
    with pytest.raises(AlignbenchError) as error:
        load_splits(path, items)
    assert all(word in str(error.value) for word in [str(path), *words]), str(error.value)


def test_all_batteries_and_splits_that_are_missing_are_named(tmp_path):
    items = load_items(write_items(tmp_path / "items.jsonl"))
    with pytest.raises(AlignbenchError, match=r"(?s)4 faults.*'acts'.*'faith'.*'validation'.*'test'"):
        load_splits(write_rows(tmp_path / "splits.csv", "battery,split", SPLITS[0]), items)


def test_a_battery_without_a_split_is_refused():
    survey = BundledSurvey("aoi2022").load(())
    with pytest.raises(AlignbenchError, match="living_conditions"):
        split_survey(survey, {})

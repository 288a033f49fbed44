from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import DIVORCE, FAITH, ITEMS, SPLITS, TRUST, write_items, write_respondents, write_rows

from alignbench.data.assemble import fingerprint
from alignbench.data.bundle import bundled
from alignbench.data.source.bundled import BundledSurvey
from alignbench.data.source.official import OfficialWave7
from alignbench.data.source.table import SurveyTable
from alignbench.data.source.timeseries import TimeSeries
from alignbench.errors import AlignbenchError
from alignbench.types import Culture, Split

CELLS = ("AAA,T1,1,1,", "AAA,D1,3,0.5,80", "AAA,D1,4,0.5,80", "BBB,F1,1,0.25,", "BBB,F1,2,0.75,")


def table(folder: Path, *cells: str, items=ITEMS) -> SurveyTable:
    return SurveyTable(
        items=str(write_items(folder / "items.jsonl", *items)),
        shares=str(write_rows(folder / "shares.csv", "iso3,item,code,share,n", *(cells or CELLS))),
        split_file=str(write_rows(folder / "splits.csv", "battery,split", *SPLITS)),
    )


def culture(path: Path, *rows: str) -> Culture:
    return Culture(name="own", iso3="OWN", shares=str(write_rows(path, "item,code,share,n", *rows)))


def test_bundled_wave_seven_is_complete():
    survey = BundledSurvey("wvs7").load(())
    assert len(survey.answers) == 55 and len(survey.items) == 253
    for cells in survey.answers.values():
        for item_id, answers in cells.items():
            assert len(answers.shares) == len(survey.item(item_id).codes)
            assert sum(answers.shares) == pytest.approx(1, abs=1e-12) and min(answers.shares) >= 0
    assert survey.of("USA")["Q1"].n
    assert "SAU" not in survey.answers


def test_cells_asked_in_another_form_are_dropped_with_a_reason():
    survey = BundledSurvey("wvs7").load(())
    assert {c for c, _ in survey.dropped} == {"ARG", "BRA", "USA"} and len(survey.dropped) == 21
    assert "Q33" not in survey.of("USA") and "three answers" in survey.dropped["USA", "Q33"]
    assert {c for c, cells in survey.answers.items() if "Q33_3" in cells} == {
        "EGY", "IRN", "IRQ", "JOR", "LBN", "LBY", "MAR", "TUN", "TUR",
    }  # fmt: skip


def test_saudi_arabia_is_in_the_arab_opinion_index():
    survey = BundledSurvey("aoi2022").load(())
    assert set(survey.answers) == {"SAU", "EGY", "JOR"}
    assert all(len(survey.asked(iso3)) == len(survey.items) for iso3 in survey.answers)


def test_an_unknown_bundle_is_refused():
    with pytest.raises(AlignbenchError, match=r"survey\.name = 'wvs6'.*wvs7, aoi2022"):
        BundledSurvey("wvs6")


def test_a_culture_adds_its_shares_to_any_source(tmp_path):
    own = culture(tmp_path / "own.csv", "Q1,1,0.75,40", "Q1,2,0.25,40")
    survey = BundledSurvey("wvs7").load((own,))
    assert survey.of("OWN")["Q1"].shares == (0.75, 0.25, 0, 0) and survey.of("OWN")["Q1"].n == 40
    assert [item.id for item in survey.asked("OWN")] == ["Q1"]
    assert survey.fingerprint != BundledSurvey("wvs7").load(()).fingerprint
    assert "OWN" not in BundledSurvey("wvs7").load(()).answers, "the next load starts from the source again"


def test_a_cultures_own_cell_takes_the_place_of_the_sources(tmp_path):
    path = write_rows(tmp_path / "own.csv", "item,code,share", "Q33,5,1")
    survey = BundledSurvey("wvs7").load((Culture(iso3="USA", shares=str(path)),))
    assert survey.of("USA")["Q33"].shares == (0, 0, 0, 0, 1)
    assert ("USA", "Q33") not in survey.dropped and ("USA", "Q34") in survey.dropped


def test_a_table_of_ones_own(tmp_path):
    source = table(tmp_path)
    survey = source.load(())
    assert [item.id for item in survey.items] == ["T1", "D1", "F1"]
    assert survey.of("AAA")["D1"].shares[2:4] == (0.5, 0.5)
    assert source.splits() == {"trust": Split.train, "acts": Split.validation, "faith": Split.test}


def test_an_item_without_any_answer_is_refused(tmp_path):
    source = table(tmp_path, "AAA,T1,1,1,", items=(TRUST, DIVORCE))
    with pytest.raises(AlignbenchError, match=r"items\.jsonl, item = 'D1': an item answered by nobody"):
        source.load(())
    own = culture(tmp_path / "own.csv", "D1,1,1,9")
    assert source.load((own,)).of("OWN")["D1"].n == 9


def test_fingerprint_depends_on_content_and_not_on_order_or_place(tmp_path):
    there = tmp_path / "elsewhere"
    there.mkdir()
    one, same = table(tmp_path).load(()), table(there, *reversed(CELLS)).load(())
    assert one.fingerprint == same.fingerprint == fingerprint(one.items, one.answers)
    other = table(there, "AAA,T1,2,1,", *CELLS[1:]).load(())
    reworded = table(there, items=(TRUST, DIVORCE, {**FAITH, "question": "In what do you believe?"})).load(())
    assert len({one.fingerprint, other.fingerprint, reworded.fingerprint}) == 3


def test_an_effective_number_of_respondents_is_part_of_the_fingerprint_and_none_leaves_it_alone():
    survey = BundledSurvey("wvs7").load(())
    items, answers = survey.items[:1], survey.of("USA")
    plain = {"USA": {items[0].id: answers[items[0].id]}}
    weighted = {"USA": {items[0].id: replace(answers[items[0].id], effective=812.5)}}
    others = {"USA": {items[0].id: replace(answers[items[0].id], effective=812.6)}}
    assert len({fingerprint(items, cells) for cells in (plain, weighted, others)}) == 3
    counted = {"USA": {items[0].id: replace(answers[items[0].id], n=1200, effective=812.5)}}
    assert replace(survey, answers=counted).sizes("USA", items) == (
        "Respondents an item in USA: 1,200, 812 after weights (Kish's effective n)."
    )
    assert survey.fingerprint == PUBLISHED, "bundled shares bring no such number: cells keep their keys"


PUBLISHED = "c7515b91290ce38892bcc6c1309883236c42daee8411bce06de8620efdfada80"


def person(iso3: str, weight: float, **answers: int) -> dict[str, object]:
    return {"B_COUNTRY_ALPHA": iso3, "W_WEIGHT": weight, **answers}


@pytest.fixture
def official(tmp_path):
    """Known truth: DEU answers Q57 as 1, 1, 2 with weights 1, 2, 1; code 0 of Q241 is off the scale."""
    people = [
        person("DEU", 1, Q57=1, Q33=1, Q241=10), person("DEU", 2, Q57=1, Q33=-2, Q241=10),
        person("DEU", 1, Q57=2, Q33=-1, Q241=0), person("DEU", 5, Q57=-2, Q33=-5, Q241=-1),
        person("USA", 1, Q57=2, Q33=4), person("IRQ", 1, Q57=2, Q33_3=3),
    ]  # fmt: skip
    return write_respondents(tmp_path / "wave7.csv", people, padding=600)


def test_official_file_gives_the_shares_it_was_made_from(official):
    weighted = OfficialWave7(str(official)).load(())
    unweighted = OfficialWave7(str(official), weighted=False).load(())
    assert weighted.of("DEU")["Q57"].shares == (0.75, 0.25)
    assert unweighted.of("DEU")["Q57"].shares == pytest.approx((2 / 3, 1 / 3))
    assert weighted.of("DEU")["Q57"].n == unweighted.of("DEU")["Q57"].n == 3
    assert weighted.of("DEU")["Q57"].effective == pytest.approx((1 + 2 + 1) ** 2 / (1 + 4 + 1))
    assert unweighted.of("DEU")["Q57"].effective is None
    assert weighted.of("DEU")["Q33"].n == 1
    assert weighted.sizes("DEU", weighted.items) == (
        "Respondents an item in DEU: 1 to 3, 1 to 3 after weights (Kish's effective n)."
    )
    assert unweighted.sizes("DEU", unweighted.asked("DEU")[:1]) == "Respondents an item in DEU: 1."
    assert weighted.of("IRQ")["Q33_3"].shares == (0, 1, 0), "codes 1, 3, 2"
    assert "Q57" in {i.id for i in weighted.items} and "Q1" not in {i.id for i in weighted.items}
    assert OfficialWave7().splits() == bundled("wvs7").splits


def test_the_panel_holds_the_people_behind_the_shares(official):
    source = OfficialWave7(str(official))
    survey = source.load(())
    for iso3, cells in survey.answers.items():
        panel = source.panel(iso3)
        for name, answers in cells.items():
            places = panel.answers[name]
            counts = np.bincount(places[places >= 0], panel.weights[places >= 0], len(answers.shares))
            assert counts / counts.sum() == pytest.approx(answers.shares)
            assert answers.n == (places >= 0).sum()
    assert source.panel("XYZ") is None
    assert set(OfficialWave7(str(official), weighted=False).panel(iso3).weights) == {1.0}


def test_official_file_gives_single_respondents_with_gaps_where_they_said_nothing(official):
    frame = OfficialWave7(str(official)).individuals(("Q57", "Q33", "Q154"))
    germans = frame[frame["country"] == "DEU"]
    assert germans["Q57"].tolist()[:3] == [1, 1, 2] and germans["Q57"].isna().sum() == 1
    assert germans["weight"].tolist() == [1, 2, 1, 5] and frame["Q154"].isna().all()


def test_official_file_drops_what_can_not_be_compared(official):
    survey = OfficialWave7(str(official)).load(())
    assert "Q33" not in survey.of("USA") and ("USA", "Q33") in survey.dropped
    assert "Q241" not in survey.of("DEU") and "25%" in survey.dropped["DEU", "Q241"]


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ([{"B_COUNTRY": "DEU", "W_WEIGHT": 1, "Q57": 1}], ["B_COUNTRY_ALPHA", "nearest: B_COUNTRY"]),
        ([{"B_COUNTRY_ALPHA": "DEU", "Q57": 1}], ["'W_WEIGHT'", "no such column"]),
        ([person("DEU", 1, V1=1)], ["none of the survey's questions"]),
        ([person("DEU", 1, Q57=1), person("DEU", -1, Q57=1)], ["row 3, column W_WEIGHT", "-1", "negative"]),
        ([{"B_COUNTRY_ALPHA": "DEU", "W_WEIGHT": 1, "Q57": "yes"}], ["row 2, column Q57", "yes", "give a number"]),
    ],
)
def test_a_wrong_respondent_file_is_refused(tmp_path, people, words):
    path = write_respondents(tmp_path / "wave7.csv", people)
    with pytest.raises(AlignbenchError) as error:
        OfficialWave7(str(path)).load(())
    assert all(word in str(error.value) for word in [str(path), *words]), str(error.value)


def test_a_missing_respondent_file_is_named():
    with pytest.raises(AlignbenchError, match=r"wave7\.csv.*no such file"):
        OfficialWave7("wave7.csv").load(())


@pytest.fixture
def series(tmp_path):
    rows = [("SAU", 4, 1, 1, 2), ("SAU", 4, 3, 2, 2), ("SAU", 7, 1, 2, 2), ("EGY", 4, 1, -1, 1)]
    names = ("COUNTRY_ALPHA", "S002VS", "S017", "A165", "A001")
    return write_respondents(tmp_path / "series.csv", [dict(zip(names, row, strict=True)) for row in rows])


def test_time_series_reads_one_wave_under_wave_seven_ids(series):
    survey = TimeSeries(str(series)).load(())
    assert survey.of("SAU")["Q57"].shares == (0.25, 0.75) and survey.of("SAU")["Q57"].n == 2
    assert set(survey.of("EGY")) == {"Q1"}
    assert survey.year == "1999-2004" and "wave 4" in survey.title
    assert TimeSeries(str(series), wave=7).load(()).of("SAU")["Q57"].shares == (0, 1)


def test_forms_that_differ_in_wave_seven_are_dropped_from_that_wave_only(tmp_path):
    rows = [{"COUNTRY_ALPHA": "ARG", "S002VS": wave, "S017": 1, "C038": 2, "A001": 1} for wave in (4, 7)]
    path = str(write_respondents(tmp_path / "series.csv", rows))
    assert set(TimeSeries(path, wave=4).load(()).of("ARG")) == {"Q1", "Q39"}
    assert set(TimeSeries(path, wave=7).load(()).of("ARG")) == {"Q1"}


def test_a_wave_that_is_not_there_is_refused(series):
    with pytest.raises(AlignbenchError, match=r"S002VS = 5.*the file has 4, 7"):
        TimeSeries(str(series), wave=5).load(())
    with pytest.raises(AlignbenchError, match=r"survey\.wave = 9"):
        TimeSeries(str(series), wave=9)


def test_time_series_ids_name_wave_seven_items_once():
    path = bundled("wvs7").folder / "timeseries_ids.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    items, variables, statuses = zip(*rows, strict=True)
    assert len(items) >= 40 and len(set(items)) == len(items) and len(set(variables)) == len(variables)
    assert set(items) <= {item.id for item in bundled("wvs7").items}
    assert all(statuses), "each row says where it comes from"

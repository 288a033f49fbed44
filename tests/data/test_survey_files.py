"""Respondent files as people have them: every way to write one, and what is told of those that cannot be read."""

import bz2
import gzip
import json
import lzma
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from alignbench.data import columns
from alignbench.data.bundle import BUNDLED, bundled, figures
from alignbench.data.shares import read_shares
from alignbench.data.source.joint import JointFile
from alignbench.data.source.official import OfficialWave7
from alignbench.data.source.timeseries import TimeSeries
from alignbench.data.survey import Unanswered
from alignbench.errors import AlignbenchError
from experiments.survey_files.check import CLOSE, compared, drawn, forms, plain

# Iraq answers Q1 as 1, 1, 2 with weights 1, 2, 1, and once not; Germany once 4. N_TOWN is no ASCII.
PEOPLE = pd.DataFrame(
    {
        "N_TOWN": ["Zürich", "Köln", "Ürümqi", "Åbo", "Łódź"],
        "B_COUNTRY_ALPHA": ["IRQ", "IRQ", "IRQ", "IRQ", "DEU"],
        "D_INTERVIEW": [1, 2, 3, 4, 1],
        "W_WEIGHT": [1.0, 2.0, 1.0, 0.5, 0.75],
        "Q260": [1, 2, 2, 1, 1],
        "Q1": [1, 1, 2, -2, 4],
        "Q57": [2, 2, 1, 1, 1],
    }
)


def written(path: Path, frame: pd.DataFrame = PEOPLE, **options) -> str:
    frame.to_csv(path, **{"index": False, **options})
    return str(path)


def loaded(path: object, **knobs):
    return OfficialWave7(str(path), **knobs).load(())


def one(path: Path, answers: list[object], **more: object) -> str:
    """A file of one country whose people all have weight 1 and answer Q1 so."""
    people = {"B_COUNTRY_ALPHA": "IRQ", "W_WEIGHT": 1, "Q1": answers, "D_INTERVIEW": range(len(answers)), **more}
    return written(path, pd.DataFrame(people))


def refused(path: object, *words: str, **knobs: object) -> None:
    with pytest.raises(AlignbenchError) as error:
        loaded(path, **knobs)
    assert not [word for word in (Path(str(path)).name, *words) if word not in str(error.value)], str(error.value)


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1")
SEPARATORS = ((",", "."), (";", ","), (";", "."), ("\t", ","), ("|", "."))
PACKED = (gzip.compress, bz2.compress, lzma.compress, "zip")
WAYS = [(*way, encoding, None) for way in SEPARATORS for encoding in ENCODINGS]
WAYS += [(";", ",", encoding, pack) for encoding in ("latin-1", "utf-16") for pack in PACKED]


@pytest.mark.parametrize(("sep", "decimal", "encoding", "pack"), WAYS)
def test_every_way_to_write_a_table_gives_the_same_survey_and_people(tmp_path, sep, decimal, encoding, pack):
    names = {"Q1": " q1 ", "Q57": "Q57 ", "B_COUNTRY_ALPHA": "b_country_alpha"}
    text = PEOPLE.rename(columns=names).to_csv(index=False, sep=sep, decimal=decimal)
    content = text.encode(encoding, "replace")
    path = tmp_path / "wave7.csv"
    if pack == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("data/wave7.csv", content)
            packed.writestr("__MACOSX/data/._wave7.csv", b"")
    else:
        path.write_bytes(pack(content) if pack else content)
    survey = loaded(path)
    assert survey.of("IRQ")["Q1"].shares == (0.75, 0.25, 0, 0) and survey.of("IRQ")["Q1"].n == 3
    assert survey.of("DEU")["Q1"].shares == (0, 0, 0, 1) and set(survey.of("IRQ")) == {"Q1", "Q57"}
    (person,) = OfficialWave7(str(path)).people("DEU", 1, 0)
    assert person.words == "a man" and person.answers == {"Q1": 3, "Q57": 0}


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta"])
@pytest.mark.parametrize("packed", [False, True])
def test_spss_and_stata_keep_what_they_declare_missing_apart_from_nothing_and_take_no_label_for_a_code(
    tmp_path, suffix, packed
):
    people = PEOPLE.assign(Q1=[1.0, 1.0, 2.0, np.nan, 4.0], Q57=[2, 2, 1, -2, 1])
    labels = {"Q1": {1: "4", 2: "3", 4: "1"}}
    path = tmp_path / f"wave7{suffix}"
    if suffix == ".dta":
        people = people.assign(Q1=pd.Series([1.0, 1.0, 2.0, "a", 4.0], dtype=object), Q57=[2.0, 2, 1, np.nan, 1])
        pyreadstat.write_dta(
            people, str(path), variable_value_labels=labels, missing_user_values={"Q1": ["a"]}, version=14
        )
        gaps = {("IRQ", "Q1"): Unanswered(missing=1), ("IRQ", "Q57"): Unanswered(blank=1)}
    else:
        options = {"compress": True} if suffix == ".zsav" else {}
        people["Q57"] = [2, 2, 1, 9, 1]
        pyreadstat.write_sav(
            people, str(path), variable_value_labels=labels, missing_ranges={"Q57": [{"lo": 8, "hi": 9}]}, **options
        )
        gaps = {("IRQ", "Q1"): Unanswered(blank=1), ("IRQ", "Q57"): Unanswered(missing=1)}
    if packed:
        content = path.read_bytes()
        path.write_bytes(gzip.compress(content))
    survey = loaded(path)
    assert survey.of("IRQ")["Q1"].shares == (0.75, 0.25, 0, 0) and survey.of("DEU")["Q1"].shares == (0, 0, 0, 1)
    assert survey.of("IRQ")["Q57"].shares == (0.25, 0.75)
    assert survey.gaps == gaps
    assert OfficialWave7(str(path)).people("DEU", 1, 0)[0].words == "a man"


def test_texts_of_spss_are_no_codes(tmp_path):
    path = tmp_path / "wave7.sav"
    pyreadstat.write_sav(PEOPLE.assign(Q1=["1", "2", "Very", "", "4"]), str(path))
    refused(path, "row 4, column Q1 = 'Very'", "export its codes")
    pyreadstat.write_sav(PEOPLE.assign(Q1=["1", "1", "2", "", "4"]), str(path))
    assert loaded(path).of("IRQ")["Q1"].n == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ["Excel", "save the sheet as CSV"]),
        (gzip.compress(b"X\n\x00\x00\x00\x03", mtime=0), [".rds", "write.csv"]),
        (gzip.compress(b"RDX3\nX\n", mtime=0), [".RData", "write.csv"]),
        (bz2.compress(b"RDX3\nX\n"), [".RData", "write.csv"]),
        (b"PAR1\x15\x04", ["Parquet", "read_parquet"]),
        (b"%PDF-1.7", ["PDF", "not the codebook"]),
        (b"\0" * 12 + b"\xc2\xea\x81\x60", ["SAS"]),
        (json.dumps([{"Q1": 1}]).encode(), ["JSON", "read_json"]),
        (b"\n <html><body>Login</body></html>", ["web page", "fetch the CSV again"]),
        (b"Q1 Q57\n1 2\n", ["one column", "commas, semicolons or tabs"]),
        (gzip.compress(b"Q1,Q57\n1,2\n" * 2000, mtime=0)[:-40], ["cut or damaged"]),
        (b"", ["empty"]),
        (b"$FL2@(#) SPSS DATA FILE" + b"\0" * 200, ["SPSS", "cut or damaged"]),
        (b"<stata_dta><header>", ["STATA", "cut or damaged"]),
    ],
)
def test_a_file_of_another_form_is_told_what_it_is_and_how_to_export_it(tmp_path, content, words):
    path = tmp_path / "wave7.csv"
    path.write_bytes(content)
    refused(path, *words)


def test_a_spreadsheet_and_a_zip_of_several_files_are_told_so(tmp_path):
    PEOPLE.to_excel(tmp_path / "wave7.xlsx", index=False)
    refused(tmp_path / "wave7.xlsx", "spreadsheet", "save the sheet as CSV")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as packed:
        packed.writestr("a.csv", "Q1,Q2\n")
        packed.writestr("b.csv", "Q1,Q2\n")
    refused(tmp_path / "two.zip", "2 files (a.csv, b.csv)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,1,1\nIRQ,1\n", ["row 3", "3 fields, this row 2"]),
        ('B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,1,"1\nIRQ,1,2\n', ["row 3, column Q1", "export its codes"]),
        ('B_COUNTRY_ALPHA,W_WEIGHT,Q1,X\nIRQ,1,1,"x\nIRQ,1,2,y\n', ["quote is never closed"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,1,Very\nIRQ,1,4 \nIRQ,heavy,1\n", ["2 faults", "row 2", "row 4", "heavy"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1,q1 \nIRQ,1,1,2\n", ["2 columns have this name"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,1,1\n,1,1.4\n", ["row 3, column B_COUNTRY_ALPHA", "three letters"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIraq,1,1\n", ["row 2, column B_COUNTRY_ALPHA = 'Iraq'"]),
        ("B_COUNTRY_ALPHA,Q1\nIRQ,1\n", ["W_WEIGHT", "survey.weighted=false"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,-1,1\nIRQ,inf,1\n", ["row 2", "row 3", "negative or infinite"]),
        ("B_COUNTRY_ALPHA,W_WEIGHT,Q1\nIRQ,1e154,1\nIRQ,1e-200,1\n", ["row 2", "row 3", "between 1e-09 and 1e+09"]),
        ("COUNTRY_ALPHA,S017,A001\nIRQ,1,1\n", ["B_COUNTRY_ALPHA", "survey=wvs_timeseries"]),
        ("cntry_AN,gwght,A001\nIQ,1,1\n", ["survey=evs_wvs"]),
    ],
)
def test_a_wrong_table_is_told_where_and_how_to_mend_it(tmp_path, text, words):
    path = tmp_path / "wave7.csv"
    path.write_text(text, encoding="utf-8")
    refused(path, *words)


def test_a_file_without_weights_is_read_by_the_knob_that_the_error_names(tmp_path):
    path = written(tmp_path / "wave7.csv", PEOPLE.drop(columns="W_WEIGHT"))
    assert loaded(path, weighted=False).of("IRQ")["Q1"].shares == pytest.approx((2 / 3, 1 / 3, 0, 0))


def test_a_value_that_is_no_whole_code_overwrites_none(tmp_path):
    """Eight ones, a two and 1.5: it was (.5, .5, 0, 0) of two people."""
    path = one(tmp_path / "wave7.csv", [1] * 8 + [2, 1.5])
    answers = loaded(path, off_scale=0.1).of("IRQ")["Q1"]
    assert answers.shares == pytest.approx((8 / 9, 1 / 9, 0, 0)) and answers.n == 9
    assert "IRQ Q1 1" in loaded(path, off_scale=0.1).notes[-1]
    refused(path, "IRQ Q1: 10% of the answers", "1.5 in row 11")
    zero = loaded(written(tmp_path / "zero.csv", PEOPLE.assign(Q94=[0, 2, 2, 2.5, 300])), off_scale=1)
    assert zero.of("IRQ")["Q94"].n == 3 and "Q94" not in zero.of("DEU"), "neither is the code 0"


def test_answers_that_do_not_count_are_counted_by_item_and_country(tmp_path):
    people = ["1"] * 30 + ["2"] * 30 + ["-1", "-2.5", "9", "99", "", " ", "NA", "."]
    path = one(tmp_path / "wave7.csv", people, Q57=["1"] * 60 + ["9"] * 4 + ["-2"] * 4)
    survey = loaded(path)
    assert survey.of("IRQ")["Q1"].shares == (0.5, 0.5, 0, 0) and survey.of("IRQ")["Q1"].n == 60
    assert survey.gaps == {("IRQ", "Q1"): Unanswered(2, 4, 2), ("IRQ", "Q57"): Unanswered(4, 0, 4)}
    assert "Q57" not in survey.of("IRQ") and "9 in row 62 and 3 more" in survey.dropped["IRQ", "Q57"]
    individuals = OfficialWave7(path).individuals(("Q1", "D_INTERVIEW"))
    assert individuals["Q1"].notna().sum() == 60 and individuals["D_INTERVIEW"].iloc[-1] == 67
    assert (OfficialWave7(path).panel("IRQ").answers["Q1"] >= 0).sum() == 60


def test_who_has_no_weight_is_counted_and_a_country_without_any_is_named(tmp_path):
    path = written(tmp_path / "wave7.csv", PEOPLE.assign(W_WEIGHT=[1, 2, 0, None, None]))
    survey = loaded(path)
    assert survey.of("IRQ")["Q1"].n == 2 and "DEU" not in survey.answers
    said = " ".join(survey.notes)
    assert "column W_WEIGHT" in said and "1 have the weight 0 and 2 none" in said
    assert "Nobody is left of DEU; survey.weighted=false" in said


def test_the_same_respondent_counts_once_and_the_same_id_elsewhere_is_somebody_else(tmp_path):
    once = loaded(written(tmp_path / "once.csv"))
    twice = loaded(written(tmp_path / "twice.csv", pd.concat([PEOPLE, PEOPLE])))
    assert twice.answers == once.answers and twice.fingerprint == once.fingerprint
    assert "5 rows repeat a respondent" in " ".join(twice.notes) and "repeat" not in " ".join(once.notes)
    other = loaded(written(tmp_path / "other.csv", PEOPLE.assign(D_INTERVIEW=[1, 1, 3, 4, 1], Q57=[1, 2, 1, 1, 1])))
    assert other.of("IRQ")["Q1"].n == 3, "one id, two answers: two people"
    assert "1 respondents have the D_INTERVIEW of another" in " ".join(other.notes)
    some = loaded(written(tmp_path / "some.csv", PEOPLE.assign(D_INTERVIEW=["", "", 1, 1, ""], Q57=[1, 2, 1, 1, 1])))
    assert some.of("IRQ")["Q1"].n == 3 and "1 respondents have" in " ".join(some.notes)
    nobody = loaded(written(tmp_path / "nobody.csv", pd.concat([PEOPLE, PEOPLE]).assign(D_INTERVIEW="")))
    assert nobody.of("IRQ")["Q1"].n == 6, "without an id nobody is known"


def test_an_item_that_runs_against_the_published_order_is_named(tmp_path):
    known, codes = figures("wvs7"), {item.id: item.codes for item in bundled("wvs7").items}

    def file(name: str, turned: set[str]) -> str:
        columns = {}
        for item in ("Q1", "Q27", "Q48", "Q57"):
            counts = np.round(np.array(known["IRQ"][item].shares) * 1000).astype(int)
            counts[-1] += 1000 - counts.sum()
            answers = np.repeat(codes[item], counts)
            columns[item] = codes[item][0] + codes[item][-1] - answers if item in turned else answers
        return written(tmp_path / name, pd.DataFrame({"B_COUNTRY_ALPHA": "IRQ", "W_WEIGHT": 1, **columns}))

    assert "published" not in " ".join(loaded(file("right.csv", set())).notes)
    said = loaded(file("wrong.csv", {"Q27", "Q57"})).notes[-1]
    assert "against the order of the published shares" in said and said.endswith("turned round: IRQ Q27, IRQ Q57.")


@pytest.fixture(scope="module")
def official() -> pd.DataFrame:
    return drawn(people=60, seed=3)


@pytest.mark.parametrize("place", range(3))
def test_shares_of_the_public_forms_are_those_of_plain_pandas(official, tmp_path, place):
    items = [item for item in bundled("wvs7").items if item.id in {"Q1", "Q7", "Q33_3", "Q46", "Q56", "Q57", "Q164"}]
    expected = {item.id: plain(official, item) for item in items}
    form = forms(official)[place]
    apart, refused = compared(form, expected, tmp_path)
    assert max(apart.values()) <= CLOSE
    assert refused == (["Q119", "Q56"] if form.name == "inverted" else [])


@pytest.mark.parametrize(
    ("item", "codes", "shares", "reason"),
    [
        ("Q1", [4, 4, 3, 1], (0.5, 0.25, 0, 0.25), None),
        ("Q57", [2, 2, 2, 1], (0.75, 0.25), None),
        ("Q7", [1, 1, 1, 0], (0.75, 0.25), None),
        ("Q7", [1, 1, 1, 1], None, "with the codes 1"),
        ("Q1", [4, 4, 3, 0], None, "with the codes 0, 3, 4"),
        ("Q1", [4, 4, 3, 1.5], None, "with the codes 1.5, 3, 4"),
        ("Q56", [1, 2, 3, 3], None, "no mirror image"),
        ("Q254", [5, 4, 4, 4], None, "with the codes 4, 5"),
    ],
)
def test_a_turned_question_is_turned_back_where_that_is_certain_and_refused_elsewhere(
    tmp_path, item, codes, shares, reason
):
    people = {"B_COUNTRY_ALPHA": "IRQ", "W_WEIGHT": 1, f"{item}P": codes, "Q48": 1}
    path = written(tmp_path / "inverted.csv", pd.DataFrame(people))
    survey = loaded(path)
    found = survey.of("IRQ").get(item)
    assert (found and found.shares) == shares
    assert reason is None or reason in survey.dropped["IRQ", item]
    said = " ".join(survey.notes)
    assert "1 questions with their scale turned round" in said and ("left out" in said) == (reason is not None)
    column = OfficialWave7(path).individuals((item,))[item]
    own = next(i for i in bundled("wvs7").items if i.id == item).codes
    assert column.isna().all() if shares is None else (column == own[0]).mean() == shares[0]


def test_a_column_that_is_there_as_it_was_asked_is_not_turned(tmp_path):
    path = written(tmp_path / "both.csv", PEOPLE.assign(Q1P=5 - PEOPLE["Q1"]))
    assert loaded(path).of("IRQ")["Q1"].shares == (0.75, 0.25, 0, 0)
    assert "lacks 251 of 253 questions: Q2, Q3" in " ".join(loaded(path).notes)


def test_the_joint_file_has_two_letters_for_a_country(tmp_path):
    people = {
        "cntry_AN": ["IQ", "IQ", "GB-NIR"[:2]],
        "gwght": 1,
        "uniqid": [1, 2, 3],
        "A001": [1, 2, 4],
        "study": [1, 2, 2],
    }
    survey = JointFile(written(tmp_path / "joint.csv", pd.DataFrame(people))).load(())
    assert survey.of("IRQ")["Q1"].shares == (0.5, 0.5, 0, 0) and set(survey.answers) == {"IRQ", "GBR"}


def test_waves_of_the_time_series_do_not_share_their_ids(tmp_path):
    people = {"COUNTRY_ALPHA": "SAU", "S002VS": [4, 4, 5], "S017": 1, "S007": [1, 1, 1], "A001": [1, 1, 2], "A165": 1}
    survey = TimeSeries(written(tmp_path / "series.csv", pd.DataFrame(people)), wave=4).load(())
    assert survey.of("SAU")["Q1"].n == 1 and survey.of("SAU")["Q1"].shares[0] == 1


def test_a_big_file_is_kept_until_it_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIGNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(columns, "_KEPT_FROM", 0)
    path = Path(written(tmp_path / "wave7.csv"))
    wanted = columns.Wanted(("B_COUNTRY_ALPHA",), ("Q1", "Q57"), ("W_WEIGHT",))
    first = columns.read_columns(path, wanted)
    (kept,) = (tmp_path / "cache" / "surveys").iterdir()
    with monkeypatch.context() as broken:
        broken.setattr(columns, "_text", None)
        pd.testing.assert_frame_equal(columns.read_columns(path, wanted), first)
    # Another answer, in as many bytes and with the old time: only the system knows.
    times = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("DEU,1,0.75,1,4", "DEU,1,0.75,1,3"), encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert columns.read_columns(path, wanted)["Q1"].tolist() == [1, 1, 2, -2, 3]
    (other,) = (tmp_path / "cache" / "surveys").iterdir()
    assert other != kept
    other.write_bytes(b"cut")
    assert columns.read_columns(path, wanted)["Q1"].tolist() == [1, 1, 2, -2, 3]


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_figures_need_no_check_as_they_pass_it(name):
    bundle = bundled(name)
    assert figures(name) == read_shares(bundle.folder / "shares.csv.gz", bundle.items)

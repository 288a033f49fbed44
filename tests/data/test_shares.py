import pytest
from small import TRUST, write_items, write_rows

from alignbench.data.items import load_items
from alignbench.data.shares import read_shares
from alignbench.errors import AlignbenchError

GOOD = ("AAA,T1,1,0.5,100", "AAA,T1,2,0.3,100", "AAA,T1,3,0.2,100")


@pytest.fixture
def items(tmp_path):
    return load_items(write_items(tmp_path / "items.jsonl", TRUST))


def test_shares_stand_in_the_order_of_codes(tmp_path, items):
    cells = read_shares(write_rows(tmp_path / "s.csv", "iso3,item,code,share,n", *GOOD), items)
    assert cells["AAA"]["T1"].shares == pytest.approx((0.5, 0.2, 0.3))
    assert cells["AAA"]["T1"].n == 100


def test_a_code_without_a_row_or_figure_has_share_zero_and_sums_become_one(tmp_path, items):
    path = write_rows(tmp_path / "s.csv", "item,code,share", "T1,1,0.99", "T1,2,")
    answers = read_shares(path, items, "BBB")["BBB"]["T1"]
    assert answers.shares == (1.0, 0.0, 0.0)
    assert answers.n is None


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        ("iso3,itm,code,share", ("AAA,T1,1,1",), ["column = 'item'", "no such column", "nearest: itm"]),
        ("iso3,item,code,share", ("AAA,T1,1,0.5", "AAA,T1,2,0.4"), ["AAA T1, column share", "0.9", "sum to 1"]),
        ("iso3,item,code,share", ("AAA,T1,1,1.1", "AAA,T1,2,-0.1"), ["row 3, column share", "-0.1", "negative"]),
        ("iso3,item,code,share", ("AAA,T1,1,60", "AAA,T1,2,40"), ["row 2, column share", "60", "divide percentages"]),
        ("iso3,item,code,share", ("AAA,T9,1,1",), ["row 2, column item", "T9", "no such item", "nearest: T1"]),
        ("iso3,item,code,share", ("AAA,T1,1,1", "AAA,T1,7,0"), ["row 3, column code", "7", "only the codes 1, 3, 2"]),
        ("iso3,item,code,share", ("AAA,T1,1,0", "AAA,T1,2,0"), ["AAA T1, column share", "answered by nobody"]),
        ("iso3,item,code,share", ("AAA,T1,1,",), ["AAA T1, column share", "answered by nobody"]),
        ("iso3,item,code,share", ("AAA,T1,1,1", "AAA,T1,1,1"), ["row 3", "repeats an earlier"]),
        ("iso3,item,code,share", ("AAA,T1,1,many",), ["row 2, column share", "many", "give a number"]),
        ("iso3,item,code,share", ("AAA,T1,yes,1",), ["row 2, column code", "yes", "give a whole number"]),
        ("iso3,item,code,share", (",T1,1,1",), ["row 2, column iso3", "fill in"]),
        ("iso3,item,code,share", ("AAA,T1,1,10 %",), ["row 2, column share", "10 %", "give a number"]),
        ("iso3,item,code,share", (("AAA", "T1", 1, "5,000 %"),), ["row 2, column share", "5,000 %", "give a number"]),
        ("iso3,item,code,share", ("AAA,T1,1.9,1",), ["row 2, column code", "1.9", "give a whole number"]),
        ("iso3,item,code,share", ("AAA,T1,1,.5", "AAA,T1,1.0,.5"), ["row 3, column code", "1.0", "whole number"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,1,1,200",), ["row 2", "5 fields, this row 6", "1200 and not 1,200"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,1,1",), ["row 2, column n", "at least 2"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,1,inf",), ["row 2, column n", "at least 2"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,1,9.5",), ["row 2, column n", "whole numbers"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,.5,90", "AAA,T1,2,.5,80"), ["AAA T1, column n", "the same in all"]),
        ("iso3,item,code,share", ("Iraq,T1,1,1",), ["row 2, column iso3", "Iraq", "three capitals"]),
        ("iso3,item,code,share,n", ("AAA,T1,1,1,0",), ["row 2, column n", "number of respondents"]),
    ],
)
def test_a_wrong_table_is_refused_with_row_column_and_remedy(tmp_path, items, columns, rows, words):
    path = write_rows(tmp_path / "s.csv", columns, *rows)
    with pytest.raises(AlignbenchError) as error:
        read_shares(path, items)
    assert all(word in str(error.value) for word in [str(path), *words]), str(error.value)


def test_all_that_is_wrong_is_said_at_once_by_line(tmp_path, items):
    path = tmp_path / "s.csv"
    path.write_text("iso3,item,code,share\n\nIraq,T1,1,1\nAAA,T9,1,1\nAAA,T1,1,many\n", encoding="utf-8")
    with pytest.raises(AlignbenchError, match="3 faults") as error:
        read_shares(path, items)
    said = str(error.value).splitlines()[1:]
    assert ["row 3" in said[0], "row 4" in said[1], "row 5" in said[2]] == [True] * 3
    with pytest.raises(AlignbenchError, match="3 faults") as error:
        read_shares(write_rows(tmp_path / "t.csv", "x,y", "AAA,1"), items, "AAA")
    assert [word in str(error.value) for word in ("item", "code", "share")] == [True] * 3


def test_two_cells_with_wrong_sums_are_both_named(tmp_path, items):
    rows = ("AAA,T1,1,0.5", "BBB,T1,1,0.7", "CCC,T1,1,0.98")
    with pytest.raises(AlignbenchError, match=r"(?s)2 faults.*AAA T1.*0\.5.*BBB T1.*0\.7"):
        read_shares(write_rows(tmp_path / "s.csv", "iso3,item,code,share", *rows), items)


def test_a_file_that_is_not_utf8_or_holds_an_open_quote_is_refused_by_line(tmp_path, items):
    path = tmp_path / "s.csv"
    path.write_bytes("iso3,item,code,share\nAAA,T1,1,1\nÄAA,T1,1,1\n".encode("latin-1"))
    with pytest.raises(AlignbenchError, match=r"line 3.*UTF-8"):
        read_shares(path, items)
    path.write_text('iso3,item,code,share\nAAA,T1,1,1\nAAA,"T1,2,0\n', encoding="utf-8")
    with pytest.raises(AlignbenchError, match=r"row 3.*close the quotes"):
        read_shares(path, items)


def test_a_missing_or_empty_file_is_named(tmp_path, items):
    with pytest.raises(AlignbenchError, match=r"none\.csv.*no such file"):
        read_shares(tmp_path / "none.csv", items)
    with pytest.raises(AlignbenchError, match="only a header"):
        read_shares(write_rows(tmp_path / "bare.csv", "item,code,share"), items, "BBB")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(AlignbenchError, match="empty"):
        read_shares(tmp_path / "empty.csv", items)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_table_is_read_with_any_separator_and_case_of_names(tmp_path, items, delimiter, encoding):
    path = tmp_path / "s.csv"
    lines = ["ISO3, Item ,CODE,share,N", *GOOD]
    path.write_bytes("\n".join(line.replace(",", delimiter) for line in lines).encode(encoding))
    assert read_shares(path, items)["AAA"]["T1"].shares == pytest.approx((0.5, 0.2, 0.3))


def test_a_table_of_another_form_is_told_how_to_save_it(tmp_path, items):
    path = tmp_path / "s.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(AlignbenchError, match=r"Excel.*save the sheet as CSV"):
        read_shares(path, items)

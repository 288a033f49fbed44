import gzip

import pandas as pd
import pytest
from small import TRUST, write_items, write_rows

from alignbench.data.items import load_items
from experiments.bundled_figures.build import build, write_gzip

COLUMNS = "country_iso3,question_id,option_code,share,n"


@pytest.fixture
def built(tmp_path):
    items = load_items(write_items(tmp_path / "items.jsonl", TRUST))
    rows = [
        "BBB,T1,1,0.48,50", "BBB,T1,2,0.48,50", "BBB,T1,9,0.04,50",  # within the tolerance
        "CCC,T1,1,0.80,50", "CCC,T1,9,0.20,50",  # beyond it
        "DDD,T1,1,1.00,50",  # another form
        "AAA,T1,1,1.00,", "AAA,T1,2,0.00,",  # near-constant, n unknown
        "AAA,X9,1,1.00,50",  # not one of our items
    ]  # fmt: skip
    write_rows(tmp_path / "s_shares.csv", COLUMNS, *rows)
    flags = ["DDD,T1,3-point form asked: codes 1/2/3 only", "AAA,T1,near-constant answer (>99.5%)"]
    write_rows(tmp_path / "s_flags.csv", "country_iso3,question_id,flag", *flags)
    return build("s", tmp_path, items)


def test_build_keeps_comparable_cells(built):
    shares, _ = built
    rows = [tuple(row) for row in shares[["iso3", "code", "share"]].itertuples(index=False)]
    assert rows == [("AAA", 1, "1.000000"), ("BBB", 1, "0.500000"), ("BBB", 2, "0.500000")]
    assert shares["n"].isna().tolist() == [True, False, False]


def test_build_says_why_it_drops_a_cell(built):
    _, dropped = built
    reasons = {row.iso3: row.reason for row in dropped.itertuples()}
    assert set(reasons) == {"CCC", "DDD"}
    assert "20% of the answers" in reasons["CCC"] and "three answers" in reasons["DDD"]


def test_the_same_shares_give_the_same_bytes(tmp_path, built):
    first, second = tmp_path / "one.csv.gz", tmp_path / "two.csv.gz"
    write_gzip(first, built[0])
    write_gzip(second, built[0])
    assert first.read_bytes() == second.read_bytes()
    assert gzip.decompress(first.read_bytes()).startswith(b"iso3,item,code,share,n\nAAA,T1,1,1.000000,\n")
    assert pd.read_csv(first)["iso3"].tolist() == ["AAA", "BBB", "BBB"]

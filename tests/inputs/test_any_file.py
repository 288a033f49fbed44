"""Whatever a file, a reply or a word holds, it ends in a result or in one error with field, value and remedy.

A few cases of each kind are tried with the default tests, thousands by ``make test-inputs``: there they are new each
time, and a failure prints the line that repeats it. Inputs that failed once stand in ``test_found.py``.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from hypothesis import strategies as st

from alignbench.benchmark.forms import FORMS, MENAVALUES, STORY_CONCEPTS
from alignbench.config import components, conf_dir, register
from alignbench.data.cultures import canonical, country_names, culture_named
from alignbench.data.items import load_items
from alignbench.data.shares import read_shares
from alignbench.data.source.joint import JointFile
from alignbench.data.source.official import OfficialWave7
from alignbench.data.source.table import SurveyTable
from alignbench.data.source.timeseries import TimeSeries
from alignbench.data.splits import load_splits
from alignbench.overrides import checked
from alignbench.types import Culture
from alignbench.usage import help_text
from tests.data.small import ITEMS, SPLITS
from tests.inputs.often import Place, both, written
from tests.inputs.outcome import ends_well
from tests.inputs.strategies import broken, changed, json_lines, tables, yamls, zipped

register()
IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", control="china")
# What is given a path by a kind of file: columns of its table, and values that are right in them.
RESPONDENTS = {
    "B_COUNTRY_ALPHA": ("IRQ", "DEU"),
    "COUNTRY_ALPHA": ("IRQ",),
    "cntry_AN": ("IQ", "DE"),
    "D_INTERVIEW": ("1", "2", "3", "4", "5"),
    "W_WEIGHT": ("1", "0.5", "2"),
    "S017": ("1", "0.5"),
    "gwght": ("1", "2"),
    "S002VS": ("4", "7"),
    "Q1": ("1", "2", "-1"),
    "Q57": ("1", "2"),
    "Q260": ("1", "2"),
    "Q262": ("31", "60"),
    "A001": ("1", "2"),
}
SHARES = {"ISO3": ("IRQ",), "ITEM": ("T1", "F1"), "CODE": ("1", "2", "3"), "SHARE": ("0.5", "1"), "N": ("100",)}
CULTURE = {"name": "mine", "country": "Iraq", "iso3": "IRQ", "adjective": "Iraqi", "control": "china", "note": None}


@both(
    globals(),
    "respondent_files",
    20,
    2500,
    content=tables(list(RESPONDENTS), RESPONDENTS),
    kind=st.sampled_from((OfficialWave7, TimeSeries, JointFile)),
)
def _(content: bytes, kind: type) -> None:
    source = kind(str(written("survey.csv", content)))
    ends_well(lambda: source.load(()))
    ends_well(lambda: source.people("IRQ", 2, 0))
    ends_well(lambda: source.panel("IRQ"))
    ends_well(lambda: source.individuals(["Q1", "Q260"]))


@both(
    globals(),
    "tables_of_shares_and_splits",
    10,
    700,
    shares=tables(list(SHARES), SHARES),
    splits=tables(
        ["battery", "split"], {"BATTERY": ("trust", "acts", "faith"), "SPLIT": ("train", "validation", "test")}
    ),
    one=st.booleans(),
)
def _(shares: bytes, splits: bytes, one: bool) -> None:
    path, parted = written("shares.csv", shares), written("splits.csv", splits)
    items = load_items(written("items.jsonl", "\n".join(map(json.dumps, ITEMS)).encode()))
    ends_well(lambda: read_shares(path, items, "IRQ" if one else None))
    ends_well(lambda: load_splits(parted, items))


@both(globals(), "items", 60, 1500, content=json_lines(ITEMS))
def _(content: bytes) -> None:
    path = written("items.jsonl", content)
    ends_well(lambda: load_items(path))


@both(globals(), "tables_of_ones_own", 4, 150, items=json_lines(ITEMS), shares=tables(list(SHARES), SHARES))
def _(items: bytes, shares: bytes) -> None:
    splits = "battery,split\n" + "\n".join(map(",".join, SPLITS))
    table = SurveyTable(
        str(written("items.jsonl", items)),
        str(written("shares.csv", shares)),
        str(written("splits.csv", splits.encode())),
    )
    ends_well(lambda: table.load(()))
    ends_well(table.splits)


BENCHMARKS = {name: cls for name, cls in components("benchmark").items() if "path" in cls.__dataclass_fields__}
TABLES = [form for form in (*FORMS, STORY_CONCEPTS) if form is not MENAVALUES]
GOOD = {
    "COUNTRY": ("Iraq", "IRQ"),
    "ANSWER": ("A", "B"),
    "OPTIONS": ("a|b", "['a', 'b']"),
    "SHARES": ("0.5|0.5",),
    "ID": ("1", "2"),
    "QUESTION": ("Why?",),
}


@st.composite
def benchmark_files(draw: Any) -> bytes:
    form = draw(st.sampled_from(TABLES))
    columns = [*form.columns, *(column for column in form.optional if draw(st.booleans()))]
    if draw(st.booleans()):
        return draw(tables(columns, GOOD))
    record = dict.fromkeys(columns, "a")
    entries = [draw(changed(record)) for _ in range(draw(st.integers(0, 3)))]
    whole = draw(st.sampled_from((entries, {str(i): e for i, e in enumerate(entries)}, entries[:1] or 1)))
    return draw(broken(json.dumps(whole, default=str).encode("utf-8", "replace")))


@both(globals(), "files_of_benchmarks", 60, 2500, content=benchmark_files(), name=st.sampled_from(sorted(BENCHMARKS)))
def _(content: bytes, name: str) -> None:
    path = str(written("file", content))
    judge = {"judge": None} if name == "empathy" else {}
    ends_well(lambda: BENCHMARKS[name](path=path, **judge).questions(IRAQ))


@st.composite
def workbooks(draw: Any) -> bytes:
    """A workbook: cells of any kind, formulas, cells far away, sizes that are not true, parts that are none."""
    import io
    import zipfile

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    labels = [*MENAVALUES.columns, "Iraq"]
    for row, label in enumerate(labels, start=1):
        sheet.cell(row, 1, label if draw(st.integers(0, 9)) else draw(st.sampled_from(("", "x", "=1+1"))))
        for column in range(2, 2 + draw(st.integers(0, 3))):
            good = {"Source": "WVS 7", "Min": 1, "MAX": 4, "Scale": "y", "Iraq": "(1.5, {'1': '50%', '2': '50%'})"}.get(
                label, "text"
            )
            value = (
                good
                if draw(st.integers(0, 4))
                else draw(
                    st.sampled_from(
                        ("=1+1", 10**9, -1, 1.5, None, True, "(", "(1, {})", "(1, {1: 2})", "no data", "{{ x }}")
                    )
                )
            )
            sheet.cell(row, column, value)
    if draw(st.integers(0, 19)) == 0:
        sheet.cell(1_048_576, 16_384, "far")
    buffer = io.BytesIO()
    book.save(buffer)
    # Without the time of its making, which would have the same draws end in files of other lengths.
    with zipfile.ZipFile(buffer) as packed:
        content = zipped({name: packed.read(name) for name in packed.namelist() if name != "docProps/core.xml"})
    if draw(st.integers(0, 4)) == 0:
        parts = st.sampled_from(("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml"))
        content = zipped(
            {
                name: draw(st.sampled_from((b"", b"<a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")))
                for name in draw(st.lists(parts, min_size=1, max_size=3, unique=True))
            }
        )
    return draw(broken(content))


@both(globals(), "workbooks", 8, 300, content=workbooks())
def _(content: bytes) -> None:
    path = str(written("sheet.xlsx", content))
    for name in ("menavalues", "multiple_choice"):
        ends_well(partial(BENCHMARKS[name](path=path).questions, IRAQ))


@both(
    globals(),
    "yamls_of_cultures",
    15,
    1200,
    content=yamls(CULTURE, ("aliases", "shares", "language", "defaults", "_target_")),
)
def _(content: bytes) -> None:
    """A wrong one is refused where it is meant, and is in nobody's way else."""
    (Place.folder / "own" / "culture").mkdir(parents=True, exist_ok=True)
    written("own/culture/mine.yaml", content)
    folders = [Place.folder / "own", conf_dir()]
    ends_well(lambda: culture_named("mine", folders))
    assert canonical("Brazilian", folders) == "brazil"
    assert country_names(folders)["BRA"] == "Brazil"


METHOD = {"defaults": ["/schema/method/cultural_prompt@_here_", "_self_"], "wordings": 3}


@both(
    globals(),
    "yamls_on_the_command_line",
    2,
    250,
    culture=yamls({"defaults": ["/schema/culture/culture@_here_", "_self_"], **CULTURE}, ("hydra", "_target_")),
    method=yamls(METHOD, ("_target_", "hydra", "x")),
    what=st.sampled_from(("culture", "method")),
)
def _(culture: bytes, method: bytes, what: str) -> None:
    for name, content in (("culture", culture), ("method", method)):
        (Place.folder / "conf" / name).mkdir(parents=True, exist_ok=True)
        written(f"conf/{name}/mine.yaml", content)
    given = f"--config-dir={Place.folder / 'conf'}"
    ends_well(lambda: checked([given, f"{what}=mine"]))
    assert "mine" in help_text([given])

"""The board of a store: its files, its figures, and the page in a browser."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from alignbench.evaluation.board import Row
from alignbench.record.finished import finished, pages
from alignbench.record.lineage import Lineage
from alignbench.report.board import TEMPLATES, write
from alignbench.report.board.cost_figure import spread_labels
from alignbench.report.board.latex import escaped
from alignbench.report.board.lines import BoardLine
from alignbench.report.board.panels import Heat
from alignbench.report.figures import Axis, difference_labels
from alignbench.report.page import environment, write_page
from tests.report.browser import CHROMIUM, drive
from tests.report.cells import cell, fill, key, stage
from tests.report.conftest import EMPTY, PIXEL


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    pictures = folder / "reports/protocols/nano"
    pictures.mkdir(parents=True)
    for name in ("cultural_map", "specificity-culturerl"):
        (pictures / f"{name}.png").write_bytes(PIXEL)
    cells = finished(fill(folder / "store"))
    shown = pages(cells)
    for done in cells:
        write_page(done.record, folder / "reports" / shown[done.stage], done.stage)
    assert len(cells) == 10 and write(cells, folder / "store", folder / "reports") == folder / "reports/board.html"
    return folder / "reports"


def rows(reports: Path) -> list[dict[str, str]]:
    with (reports / "board.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.long
def test_every_row_leads_to_pages_and_manifests_that_are_there(reports: Path) -> None:
    for row in rows(reports):
        links = row["pages"].split() + row["manifests"].split()
        assert links or row["kind"] == "control"
        assert all((reports / link).is_file() for link in links)
    verdict = next(r for r in rows(reports) if r["label"] == "culturerl, reward=verdict" and r["culture"] == "iraq")
    assert verdict["pages"].split() == [f"culturerl-reward=verdict-iraq-nano-s{s}/index.html" for s in (0, 1)]
    assert float(verdict["damage"]) == pytest.approx(-0.15)


def test_csv_and_markdown_hold_the_same_rows(reports: Path) -> None:
    text = (reports / "board.md").read_text(encoding="utf-8")
    markdown = text.partition("## Every culture\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows(reports)) == len(markdown)
    own = next(r for r in rows(reports) if r["label"] == "culturerl" and r["culture"] == "iraq")
    assert any(f"| Iraq | culturerl | {float(own['score']):.3f} [" in line for line in markdown)


def test_latex_has_methods_by_cultures_and_the_pooled_figures(reports: Path) -> None:
    table = (reports / "board.tex").read_text(encoding="utf-8")
    header, *body = [line for line in table.splitlines() if line.endswith(r"\\")]
    assert header == r"Method & China & Iraq & Mean & Specificity & Detectable \\"
    shown = ("base", "method", "reference")
    assert len(body) == len({row["label"] for row in rows(reports) if row["kind"] in shown})
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {5}
    assert "\\toprule" in table and "_" not in table.replace(r"\_", "")
    with (reports / "pooled.csv").open(encoding="utf-8") as file:
        own = next(row for row in csv.DictReader(file) if row["label"] == "culturerl")
    (line,) = (line for line in body if line.startswith("culturerl &"))
    assert f"& {float(own['score']):.3f} & {float(own['specificity']):+.3f} [" in line
    assert line.endswith(rf"\S{{}} & {float(own['detectable']):.3f} \\"), "two cultures: of these alone"


def test_what_could_be_seen_and_what_may_be_format_stands_in_every_form(reports: Path) -> None:
    own = next(r for r in rows(reports) if r["label"] == "culturerl, reward=verdict" and r["culture"] == "iraq")
    assert float(own["detectable"]) > 0 and own["separable"] == "False"
    assert json.loads(own["formats"]) == {"forward": 0.8, "reversed": pytest.approx(0.83)}
    assert float(own["format_spread"]) == pytest.approx(0.015)
    text = (reports / "board.md").read_text(encoding="utf-8")
    (line,) = (x for x in text.splitlines() if x.startswith("| Iraq | culturerl, reward=verdict |"))
    figures = [float(own["detectable"]), *(float(own[f"specificity{end}"]) for end in ("", "_low", "_high"))]
    assert "| {:.3f} | {:+.3f} [{:.3f}, {:.3f}] |".format(*figures) in line and "| ±0.015 ≈ |" in line
    page = (reports / "board.html").read_text(encoding="utf-8")
    assert "±0.015 ≈" in page and "<dt>Detectable</dt>" in page


def test_variety_between_cultures_stands_beside_peoples(reports: Path) -> None:
    with (reports / "variety.csv").open(encoding="utf-8") as file:
        found = {row["label"]: row for row in csv.DictReader(file)}
    assert set(found) == {"base", "cultural_prompt", "culturerl", "culturerl, reward=verdict"}
    assert float(found["base"]["differentiation"]) < 0.1 < float(found["culturerl"]["differentiation"])
    d = f"{float(found['culturerl']['D']):.3f}"
    assert f"| culturerl | nano | China, Iraq | 15 | {d} [" in (reports / "board.md").read_text(encoding="utf-8")
    page = (reports / "board.html").read_text(encoding="utf-8")
    assert "Variety between cultures" in page and f"{d} <span" in page


def test_special_characters_survive_latex(tmp_path: Path) -> None:
    cell(tmp_path / "store", "a_b", "iraq", gain=0.3)
    write(finished(tmp_path / "store"), tmp_path / "store", tmp_path)
    assert "\na\\_b & " in (tmp_path / "board.tex").read_text(encoding="utf-8")
    assert escaped("50 % & more −1") == r"50 \% \& more $-$1"


def test_the_page_is_one_file_and_says_what_must_be_said_first(reports: Path) -> None:
    page = (reports / "board.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!data:)(?:https?:)?//""", page)
    assert "<link" not in page and "@import" not in page
    assert page.index("A made-up world.") < page.index("</h1>")
    assert page.count("data:image/png;base64,") == 2 and "of 6 comparisons" in page
    assert 'content="0; url=board.html"' in (reports / "index.html").read_text()


def test_cost_counts_a_shared_stage_once(tmp_path: Path) -> None:
    pool, fit, answers = (key(name) for name in ("pool", "fit", "answers"))
    stage(tmp_path, "norms", pool, {}, components={"embedder": "MiniLM"})
    above, template = [("norms", pool)], {"template": key("no stage")}
    stage(tmp_path, "fit", fit, {"pool": pool}, above, {"judge": "LLM"}, survey={"judge_calls": 7, "prompt_tokens": 5})
    stage(tmp_path, "respond", answers, template, [("fit", fit), ("norms", pool)], prompt_tokens=100)
    lineage = Lineage(tmp_path)
    cost = lineage.cost(answers)
    assert cost and (cost.seconds, cost.tokens, cost.judge_calls) == (30.0, 105.0, 7.0)
    assert lineage.components(answers) == {"judge": "LLM", "embedder": "MiniLM"}


def test_cost_is_unknown_where_lineage_is(tmp_path: Path) -> None:
    stage(tmp_path, "respond", key("answers"), {}, [("fit", key("gone"))])
    assert Lineage(tmp_path).cost(key("answers")) is None


def test_labels_move_apart_only_where_they_would_meet() -> None:
    assert spread_labels([0, 5, 80], [100, 104, 102], width=20, gap=16) == pytest.approx([94, 110, 102])


def heat_of(difference: float, detectable: float, p_value: float) -> tuple[Heat, BoardLine]:
    facts = {"difference": difference, "detectable": detectable, "p_value": p_value}
    made = BoardLine(None, Row(**{**EMPTY, "label": "m", "kind": "method", "score": 0.5, **facts}))  # type: ignore[arg-type]
    return Heat("difference", {("m", "iraq"): made}), made


def test_colours_mean_the_same_on_every_board_and_are_faint_where_nothing_could_be_seen() -> None:
    strengths = [
        heat.strength(made)
        for heat, made in (heat_of(*facts) for facts in ((-0.01, 0.05, 1), (-0.05, 0.05, 1), (0.05, 0.2, 1)))
    ]
    assert strengths == [pytest.approx(0.1), pytest.approx(0.5), pytest.approx(0.12)]
    heat, made = heat_of(0.3, 0.5, 0.01)
    assert heat.strength(made) == 1 and heat.end == 0.1


def test_a_significant_harm_has_a_mark_of_another_shape_and_colour() -> None:
    macros = environment(TEMPLATES).get_template("macros.html.jinja").module
    closer, further = (str(macros.star(True, value)) for value in (0.1, -0.1))  # type: ignore[attr-defined]
    assert "▲" in closer and "star closer" in closer and "▼" in further and "star further-away" in further
    assert str(macros.star(False, -0.1)) == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(-0.2, 0.3, ["−0.20", "0.00", "+0.30"]), (0, 0.6, ["0.00", "+0.60"]), (-0.02, 0.3, None)]
)
def test_axes_of_gains_name_zero(low: float, high: float, shown: list[str] | None) -> None:
    labels = re.findall(">([^<]+)</text>", str(difference_labels(Axis(low, high))))
    assert labels == (shown or ["0.00", "+0.30"])


STEPS = """
const doc = wide.document;
const shown = (kind) => [...doc.querySelectorAll(`table.all tbody tr${kind}`)].filter((row) => row.offsetParent);
const column = (name, kind = ".method") => shown(kind).map((row) => {
  const at = [...doc.querySelectorAll("table.all thead tr > *")].findIndex((cell) => cell.dataset.sort === name);
  return row.cells[at].dataset.v;
});
const head = (name) => doc.querySelector(`th[data-sort=${name}]`);
const form = doc.querySelector(".filters");
const say = (name, value) => {
  const field = form.elements[name];
  if (field.type === "checkbox") field.checked = value; else field.value = value;
  field.dispatchEvent(new wide.Event("input", {bubbles: true}));
};
const press = (name) => { const b = head(name).querySelector("button"); b.focus(); b.click(); };
const focused = () => doc.activeElement.closest("th").dataset.sort;

found.start = [shown(".method").length, shown(".reference").length, form.querySelector("output").value];
say("grouped", false);
press("difference");
found.focused = focused();
found.down = [head("difference").ariaSort, column("difference"), head("score").ariaSort];
press("difference");
found.up = [head("difference").ariaSort, column("difference")];
found.last = shown("").slice(-8).every((row) => row.matches(".reference"));
press("label");
found.names = [head("label").ariaSort, column("label")];
say("grouped", true);
found.grouped = [...doc.querySelectorAll("tbody[data-group]")].map((body) => body.rows[body.rows.length - 1].className);
say("text", "iraq verdict");
found.text = [column("label"), shown(".reference").length, form.querySelector("output").value];
found.forest = [...doc.querySelectorAll(".gains [data-method]")].filter((x) => x.offsetParent).length;
say("text", "");
say("culture", "China");
found.culture = [new Set(column("culture", ":not(.group)")).size, shown(".group").length];
say("culture", "");
say("further", true);
found.further = head("option_mass").offsetParent !== null;
const names = shown(".method").map((row) => row.cells[0].getBoundingClientRect());
found.narrowest = Math.min(...names.map((box) => box.width));
say("further", false);
say("grouped", false);
const where = shown(".method")[0].cells[1];
const country = doc.createRange();
country.selectNode(where.firstChild);
found.apart = where.querySelector("small").getBoundingClientRect().top - country.getBoundingClientRect().top;
say("grouped", true);
doc.querySelector("[name=heat][value=skill]").click();
found.heat = [...doc.querySelectorAll(".heat")].filter((x) => x.offsetParent).map((x) => x.dataset.heat);
found.phone = phone.document.documentElement.scrollWidth;
found.sort = phone.document.querySelector("[name=sort]").offsetParent !== null;
"""


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the board's page goes untested in a browser")
def test_the_page_sorts_and_filters_without_an_error(reports: Path, tmp_path: Path) -> None:
    found = drive(reports / "board.html", STEPS, tmp_path)
    assert found["wrong"] == [] and "thrown" not in found, found
    assert found["start"] == [8, 8, "8 rows"]
    falling, rising = ([float(value) for value in values if value] for values in (found["down"][1], found["up"][1]))
    assert found["down"][0] == "descending" and found["down"][2] == "none" and found["focused"] == "difference"
    assert len(falling) == 6 and falling == sorted(falling, reverse=True)
    assert found["up"][0] == "ascending" and rising == sorted(rising)
    assert found["up"][1][-2:] == ["", ""]  # the base model, which has no difference, is last both ways
    assert found["last"], "sanity rows stay at the end"
    assert found["names"][0] == "ascending" and found["names"][1] == sorted(found["names"][1])
    assert found["grouped"] == ["reference", "reference"]
    assert found["text"] == [["culturerl, reward=verdict"], 4, "1 of 8 rows"] and found["forest"] == 1
    assert found["culture"] == [1, 1]
    assert found["narrowest"] >= 150 and found["apart"] > 10
    assert found["further"] and found["heat"] == ["skill"]
    assert found["phone"] <= 360 and found["sort"]

"""A model, a culture and a survey whose every text gives orders: to a browser, a spreadsheet, LaTeX, a terminal."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from alignbench.benchmark import Provenance
from alignbench.evaluation.statistics import Interval
from alignbench.files import write_table
from alignbench.progress import say
from alignbench.record.cell import BenchmarkLine, CellRecord, InputRecord
from alignbench.record.finished import finished
from alignbench.report.board import write
from alignbench.report.origin import Origin
from alignbench.report.page import write_page
from alignbench.report.sets import shelf, write_sets
from alignbench.report.table import print_lines, print_table
from alignbench.store.stage import Artifact
from alignbench.synthetic.folder import DatasetCard, write_set
from alignbench.synthetic.tally import Tally
from tests.report import cells
from tests.report.browser import CHROMIUM, drive
from tests.report.conftest import ROWS, assets, record  # noqa: F401

SOURCE = Path(__file__).parents[2] / "src"
# Each part is an order to somebody; ``hit`` is what a browser would set that obeys.
EVIL = (
    '=1+1"\'><img src=x onerror="top.hit=window.hit=1"><script>top.hit=window.hit=1</script>'
    '</style></title></textarea><svg onload=top.hit=1><a href="javascript:top.hit=1">x</a>'
    "[y](javascript:hit)`z` | $\\input{/etc/passwd}$ % & _ # {{ 7*7 }} {% raw %} [red]no[/] :bomb:"
    "\x1b[2J\x1b]0;title\x07\u202e\r\nsecond line\n\n\\write18{id}"
)
LABEL = f"culturerl {EVIL}"


@pytest.fixture
def hostile(record: CellRecord) -> CellRecord:  # noqa: F811
    """The record of the tests of pages, every text that a model or a survey has a part in replaced."""
    facts = replace(record.cell, country=EVIL, model=EVIL, survey=EVIL, labels={EVIL: EVIL}, changed={EVIL: EVIL})
    scores = [{"base": 0.5, LABEL: 0.5 + k / 20} for k in range(len(record.items))]
    models = {"base": (0.5, 0.3, 0.2), LABEL: (0.7, 0.2, 0.1)}
    items = tuple(
        replace(item, question=EVIL, options=(EVIL, EVIL + "2", EVIL + "3"), scores=score, models=models)
        for item, score in zip(record.items, scores, strict=True)
    )
    norms = tuple({**norm, "name": EVIL, "statement": EVIL, "opposite": EVIL} for norm in record.pool.table)
    rows = tuple(replace(row, label=row.label.replace("culturerl", LABEL), method=row.method and LABEL) for row in ROWS)
    return replace(
        record,
        cell=facts,
        title=EVIL,
        rows=rows,
        notes=(EVIL,),
        warning=EVIL,
        items=items,
        pool=replace(record.pool, table=norms),
        samples=tuple(replace(s, question=EVIL, norm=EVIL, before=EVIL, after=EVIL) for s in record.samples),
        provenance=(InputRecord(*[EVIL] * 6),),
        reading=(EVIL,),
    )


def browsed(folder: Path) -> Path:
    """A page of a set that a hostile model wrote."""
    place = folder / "store/opinions/0f"
    place.mkdir(parents=True)
    about = DatasetCard(EVIL, EVIL, EVIL, (EVIL,), EVIL, EVIL, (EVIL,), {"opinion": EVIL})
    write_set(place, pd.DataFrame({"opinion": [EVIL] * 3}), about, [Tally(EVIL, kept=2, dropped={EVIL: 1})])
    return write_sets(EVIL, [shelf(Artifact(place), 3)], Origin(), folder / "sets.html")


def boarded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The board of a store whose country, model, survey and method have hostile names."""
    monkeypatch.setitem(cells.COUNTRIES, "iraq", (EVIL, "IRQ"))
    world = {"survey": EVIL, "model": EVIL, "warning": EVIL}
    cells.cell(folder / "store", "none", "iraq", world=world)
    cells.cell(folder / "store", LABEL, "iraq", 0, 0.8, world=world)
    cells.cell(folder / "store", "none", "china")
    return write(finished(folder / "store"), folder / "store", folder / "reports")


class _Tags(HTMLParser):
    """Tags of a page that a text may have begun: those that run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        runs = [name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript:")]
        if runs or (tag == "img" and ("src", "x") in attrs) or tag == "textarea":
            self.found.append(self.get_starttag_text() or tag)


def orders(page: str) -> list[str]:
    """Tags that a page must not hold."""
    parser = _Tags()
    parser.feed(page)
    return parser.found


def test_pages_hold_no_tag_of_a_text(hostile: CellRecord, assets: Path, tmp_path: Path, monkeypatch) -> None:  # noqa: F811
    written = [write_page(hostile, tmp_path / "page", assets), browsed(tmp_path), boarded(tmp_path, monkeypatch)]
    for page in written:
        text = page.read_text(encoding="utf-8")
        assert "onerror" in text and not orders(text), (page.name, orders(text))
        assert "Content-Security-Policy" in text


def test_tables_of_the_board_are_tables_whatever_a_name_is(tmp_path: Path, monkeypatch) -> None:
    folder = boarded(tmp_path, monkeypatch).parent
    for path in folder.glob("*.csv"):
        for line in csv.reader(path.read_text(encoding="utf-8").splitlines(keepends=True)):
            assert not [value for value in line if re.match(r"[=+@\t\r]|-\D", value)], path.name
    markdown, latex = ((folder / f"board.{kind}").read_text(encoding="utf-8") for kind in ("md", "tex"))
    assert not re.search(r"<(img|script|svg|a)\b|\]\(javascript", markdown)
    table = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table[:3]}) == 1
    rows = [line for line in latex.splitlines() if not line.startswith("%")]
    assert "second line" in latex and not [line for line in rows if re.search(r"\\(input|write)", line)]
    assert not [line for line in latex.splitlines() if line.startswith("second")]


def test_cards_hold_no_tag_and_no_key_of_a_text(tmp_path: Path) -> None:
    browsed(tmp_path)
    card = (tmp_path / "store/opinions/0f/README.md").read_text(encoding="utf-8")
    assert not re.search(r"<(img|script|svg|a)\b|\]\(javascript", re.sub("`[^`]*`", "", card.split("\n---\n", 1)[1]))
    assert json.loads(card.splitlines()[1].partition(": ")[2]).startswith("=1+1")


def test_a_terminal_obeys_nobody(hostile: CellRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    line = BenchmarkLine(EVIL, "method", EVIL, EVIL, Interval(0.5, 0.4, 0.6, 5), None, 3)
    about = Provenance(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, (EVIL,))
    out = io.StringIO()
    with redirect_stdout(out):
        print_table(hostile)
        print_lines([line], about, EVIL)
        say(EVIL)
    shown = out.getvalue()
    assert "[red]no[/]" in shown and ":bomb:" in re.sub(r"\s+", "", shown)
    assert not set(shown) & set("\x1b\x07\u202e\r")


def test_a_table_for_people_is_no_program(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", pd.DataFrame({"=a": ["=1+1", "-x", "plain"], "n": [-1.5, 2.0, 3.0]}))
    assert (tmp_path / "a.csv").read_text() == "'=a,n\n'=1+1,-1.5\n'-x,2.0\nplain,3.0\n"


# Who writes what people open, besides the doors above: each with the reason why it may.
WRITERS = {
    "files.py": "the door itself",
    "errors.py": "the one error, made printable",
    "cli.py": "help and versions: of the user's own packages and YAMLs",
    "progress.py": "the door itself",
    "report/table.py": "by its own console, whose texts are printable",
    "report/sweep_table.py": "by the same console",
    "protocols/table.py": "by the same console",
    "probe/summary.py": "by the same console",
    "faults.py": "one of our own sentences",
    "method/culturerl.py": "a stage's own table, read by us alone",
    "task/respondents.py": "the planted world's own tables, made of our words",
    "scaffold.py": "files of a plugin, made of names of Python",
    "backend/server_process.py": "a port and a process id",
    "task/doctor.py": "one letter, to see whether a folder takes it",
}
_WRITING = {"to_csv", "to_html", "to_latex", "to_markdown", "write_text", "print", "writerow", "writerows", "write"}


def test_every_door_to_people_is_known() -> None:
    """Every call in the sources that writes a text goes by way of a door that escapes, or is listed with its reason."""
    found = set()
    for path in sorted((SOURCE / "alignbench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            bare = function.id if isinstance(function, ast.Name) else ""
            method = function.attr if isinstance(function, ast.Attribute) else ""
            owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
            streams = method == "write" and owner.startswith("sys.")
            if bare == "print" or streams or (method in _WRITING - {"write"} and owner != "template"):
                found.add(path.relative_to(SOURCE / "alignbench").as_posix())
    assert found <= set(WRITERS), found - set(WRITERS)


def test_no_model_folder_brings_code_or_pickles() -> None:
    """Every call that loads from a folder says that its code is not run; weights are safetensors."""
    loaders = {"AutoModelForCausalLM", "AutoTokenizer", "AutoConfig", "SentenceTransformer", "LLM"}
    open_ones = []
    for path in (SOURCE / "alignbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).removeprefix("transformers.")
            loads = name in loaders or (name.endswith(".from_pretrained") and name.split(".")[0] in loaders)
            said = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if loads and said.get("trust_remote_code") != "False":
                open_ones.append(f"{path.name}:{node.lineno} {name}")
            if loads and name.startswith(("AutoModel", "Sentence")) and "gguf_file" not in said:
                assert "safetensors" in ast.unparse(node), f"{path.name}:{node.lineno}"
    assert not open_ones


def test_servers_of_ours_listen_to_this_machine_alone() -> None:
    from alignbench.backend import server_process

    text = Path(server_process.__file__).read_text(encoding="utf-8")
    assert server_process._HOST == "127.0.0.1" and '"--host", _HOST' in text
    everywhere = [p.name for p in (SOURCE / "alignbench").rglob("*.py") if "0.0.0.0" in p.read_text(encoding="utf-8")]
    assert not everywhere


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: hostile texts go untested in a browser")
def test_a_browser_obeys_nobody(hostile: CellRecord, assets: Path, tmp_path: Path, monkeypatch) -> None:  # noqa: F811
    """No script of a text runs, no frame or picture of it is there, and the words are shown as they are."""
    look = """
    for (const [name, view] of [["wide", wide], ["phone", phone]]) {
      found[name] = {
        hit: String(view.hit ?? window.hit ?? "no"),
        shown: view.document.body.textContent.includes("onerror="),
        bad: view.document.querySelectorAll("[onerror], [onload], img[src='x'], a[href^='javascript']").length,
      };
    }"""
    for page in (write_page(hostile, tmp_path / "page", assets), browsed(tmp_path), boarded(tmp_path, monkeypatch)):
        folder = tmp_path / f"seen-{page.stem}"
        folder.mkdir()
        # Without the policy that forbids scripts: escaping alone must hold.
        text = re.sub(r"<meta http-equiv=.Content-Security-Policy[^>]*>", "", page.read_text(encoding="utf-8"))
        bare = folder / "page.html"
        bare.write_text(text, encoding="utf-8")
        seen = drive(bare, look, folder)
        assert seen["wide"] == seen["phone"] == {"hit": "no", "shown": True, "bad": 0}, (page.name, seen)

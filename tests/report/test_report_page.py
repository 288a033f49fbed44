import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from alignbench.errors import AlignbenchError
from alignbench.record.cell import CellRecord
from alignbench.report.numbers import interval, number, signed
from alignbench.report.page import curves, moved, write_page

VOID = {"meta", "img", "br", "line", "rect", "circle", "polyline"}


class Page(HTMLParser):
    """Checks that tags nest, and collects tags with attributes and the text of table rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "tr" in self.open:
            self.rows[-1] += data.replace("\n", " ") + " "


@pytest.fixture
def text(record: CellRecord, tmp_path: Path, assets: Path) -> str:
    return write_page(record, tmp_path / "page", assets).read_text(encoding="utf-8")


def test_rows_carry_the_numbers_of_the_record(record: CellRecord, text: str) -> None:
    shown = Page(text).rows
    for row in record.rows:
        line = next(r for r in shown if row.label in r and number(row.score) in r)
        for figure in (interval(row.low, row.high), signed(row.difference), number(row.skill)):
            assert figure in line
    assert "&lt; 0.001" in text


def test_prompted_and_unprompted_stand_side_by_side(with_rows, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    prompted = replace(with_rows((0.01, -0.02, 0.03), (0.0, -0.01, 0.01), prompted=True, detectable=0.04), pool=None)
    text = write_page(prompted, tmp_path, tmp_path).read_text(encoding="utf-8")
    own = next(r for r in Page(text).rows if "0.931" in r)
    assert "beyond the prompt" in own and "[−0.010, 0.010]" in own
    tiles = text.split('<dl class="tiles">')[1].split("</dl>")[0]
    for words in ("Base given the same prompt", "Difference beyond the prompt", "+0.010", "+0.300", "Specificity"):
        assert words in tiles, words
    assert text.index("Minimum detectable effect: a difference of 0.040") < text.index(
        "nothing learnt beyond the prompt"
    )


def test_nothing_is_fetched(text: str) -> None:
    page = Page(text)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not any("http" in (value or "") for value in attributes.values())
        assert (attributes.get("src") or "data:").startswith("data:")
    assert re.findall(r"https?://[^\s<]+", text) == ["https://example.org/wvs"]
    assert "@import" not in text and "url(" not in text


def test_picture_is_inside(text: str, assets: Path) -> None:
    assert base64.b64encode((assets / "pool.png").read_bytes()).decode() in text


def test_missing_picture_is_named(record: CellRecord, tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match=r"pool\.png"):
        write_page(record, tmp_path / "page", tmp_path)


def test_texts_are_escaped(text: str) -> None:
    assert "before 0 &lt;script&gt;" in text
    assert "culturerl &lt;China&gt;" in text
    assert "Little &amp; less" in text


def test_every_part_is_shown(record: CellRecord, text: str) -> None:
    for words in (
        record.notes[0],
        *record.reading,
        "non-commercial",
        "log_ratio",
        "People in Iraq hold family dear.",
        "91 %",
        "0.884 <small>[0.841, 0.922]",
        "6 of 8 items moved closer",
        "after 2",
    ):
        assert words in text, words
    assert "after 3" not in text
    assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower().split()


def test_gains_and_losses_are_both_shown(record: CellRecord, text: str) -> None:
    assert [round(m.change, 2) for m in moved(record)] == [0.31, 0.22, 0.14, 0.09, 0.05, 0.01, -0.02, -0.11]
    gains, losses = text.split("Largest losses")
    assert "+0.310" in gains and "+0.090" in gains and ">+0.050<" not in text
    assert losses.index("−0.110") < losses.index("−0.020")


def test_items_moved_beyond_the_prompt_where_the_base_was_given_the_same_prompt(with_rows) -> None:  # type: ignore[no-untyped-def]
    prompted = with_rows((0.01, -0.02, 0.03), None, prompted=True)
    label = prompted.prompted.label
    items = [
        replace(i, scores={**i.scores, label: 0.55}, models={**i.models, label: (0.4, 0.4, 0.2)})
        for i in prompted.items
    ]
    found = moved(replace(prompted, items=tuple(items)))
    assert [round(m.change, 2) for m in found] == [0.36, 0.27, 0.19, 0.14, 0.10, 0.06, 0.03, -0.06]
    assert found[0].base == (0.4, 0.4, 0.2)


def test_curves_skip_updates_without_a_figure(record: CellRecord) -> None:
    reward, validation = curves(record.history or ())
    assert (reward.name, len(reward.points)) == ("reward", 30)
    assert [x for x, _ in validation.points] == [5, 10, 15, 20, 25, 30]
    assert validation.high == pytest.approx(1.1)


def test_bare_record_makes_a_page(record: CellRecord, tmp_path: Path) -> None:
    bare = CellRecord(cell=record.cell, title="t", score_name="s", rows=record.rows[:1])
    page = write_page(bare, tmp_path, tmp_path).read_text(encoding="utf-8")
    Page(page)
    assert "nothing to compare" in page and "How well the judge judges" not in page


def test_judge_near_chance_is_said(record: CellRecord, tmp_path: Path, assets: Path) -> None:
    weak = replace(record, judge_check={**(record.judge_check or {}), "near_chance": True})
    assert "near chance" in write_page(weak, tmp_path, assets).read_text(encoding="utf-8")

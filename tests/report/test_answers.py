"""The page of every answer: what stands on it, and how it is searched."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from alignbench.record.cell import CellRecord
from alignbench.report.answers import answered, looks, write_answers
from alignbench.report.origin import Origin
from tests.report.browser import CHROMIUM, drive

PROMPTS = {(f"Q{k}", 0, order): f"<|user|>Question {k}? {order}" for k in range(8) for order in ("forward", "reversed")}
ORIGIN = Origin("python -m alignbench method=culturerl", "0.1.0 abcdef0", "2026-01-01 00:00:00")


def responses(counts: tuple[int, int, int], said: str = "1") -> pd.DataFrame:
    """Written replies to both orders of eight items; reversed lists the options the other way round."""
    rows = []
    for item, context, order in PROMPTS:
        for position in range(3):
            option = position if order == "forward" else 2 - position
            facts = {"item": item, "context": context, "order": order, "chain": 0, "position": position}
            facts |= {"option": option, "count": float(counts[option]), "weight": 1.0, "thought": "", "closed": True}
            rows.append({**facts, "said": json.dumps([said])})
    return pd.DataFrame(rows)


@pytest.fixture
def page(record: CellRecord, tmp_path: Path) -> Path:
    record = replace(record, pool=None)
    topics = {item.id: f"topic {int(item.id[1:]) % 2}" for item in record.items}
    given = {"base": responses((1, 1, 2)), "culturerl": responses((3, 1, 0), "<b>")}
    rows = {label: looks(frame, PROMPTS, "") for label, frame in given.items()}
    return write_answers(record, answered(record, topics, rows), ORIGIN, tmp_path / "view", "")


def test_shares_stand_in_the_order_of_the_item_whatever_was_listed_first() -> None:
    found = looks(responses((3, 1, 0)), PROMPTS, "letters")
    assert [(look.order, look.shares) for look in found["Q0"]] == [
        (order, (0.75, 0.25, 0.0)) for order in ("forward", "reversed")
    ]
    assert {look.form for look in found["Q0"]} == {"letters"} and found["Q0"][0].said == ("1",)
    unread = looks(responses((0, 0, 0)), PROMPTS, "")
    assert unread["Q0"][0].shares == () and unread["Q0"][0].mass is None


def test_prompts_and_replies_are_whole_and_escaped_and_nothing_is_fetched(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("&lt;|user|&gt;Question 3? reversed") == 2 and "&lt;b&gt;" in text and "<b>" not in text
    assert ORIGIN.command in text and ORIGIN.version in text and "http" not in text.replace("http-equiv", "")
    table = pd.read_parquet(page.with_name("answers.parquet"))
    assert len(table) == 8 * 2 * 2 * 3
    first = table[(table["row"] == "culturerl") & (table["item"] == "Q0") & (table["order"] == "reversed")]
    assert first["share"].tolist() == [0.75, 0.25, 0.0] and first["people"].tolist() == [0.8, 0.15, 0.05]


STEPS = """
const doc = wide.document;
const id = (item) => item.querySelector("code").textContent;
const shown = (of) => [...of.querySelectorAll(".one")].filter((item) => !item.hidden).map(id);
const say = (name, value) => {
  const field = doc.forms[0].elements[name];
  field.value = value;
  field.dispatchEvent(new wide.Event("input", {bubbles: true}));
};
found.all = shown(doc);
say("moved", "away");
found.away = shown(doc);
say("order", "loss");
found.losses = shown(doc);
found.address = wide.location.hash;
say("moved", "");
say("text", "Question 5?");
found.text = [shown(doc), doc.querySelector("output").value];
found.sent = shown(phone.document);
found.phone = phone.document.documentElement.scrollWidth;
"""


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the page goes untested in a browser")
def test_answers_are_searched_filtered_and_ordered_and_the_address_keeps_it(page: Path, tmp_path: Path) -> None:
    found = drive(page, STEPS, tmp_path, "#topic=topic+1&order=gain")
    assert found["wrong"] == [] and "thrown" not in found, found
    assert found["all"] == [f"Q{k}" for k in range(8)]
    assert found["away"] == ["Q6", "Q7"] and found["losses"] == ["Q7", "Q6"]
    assert found["address"] == "#moved=away&order=loss"
    assert found["text"] == [["Q5"], "1 of 8 questions"]
    assert found["sent"] == ["Q1", "Q3", "Q5", "Q7"] and found["phone"] <= 360

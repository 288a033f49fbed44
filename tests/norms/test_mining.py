"""Norm mining: from answers to norms, by template and by a language model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.backend import Engine, Usage
from alignbench.backend.server import Server
from alignbench.data.survey import Survey
from alignbench.errors import AlignbenchError
from alignbench.generator.api import APIModel
from alignbench.identity import canonical
from alignbench.norms.author import Author, Evidence
from alignbench.norms.author.llm import LLMAuthor
from alignbench.norms.author.template import TemplateAuthor
from alignbench.steps.mining import MiningInput, load, mine_high, mine_low, mine_topics, ranked_levels, save
from alignbench.store.stage import Tools
from alignbench.types import Answers, ModelRef, Scale
from tests.doors import tools_with
from tests.norms.toy import make_item
from tests.words import Words

ITEMS = [make_item(f"Q{n}", "trust" if n < 4 else "work", thing) for n, thing in enumerate("abcdefgh")]
TEMPLATE = TemplateAuthor(embedder=Words())
SHARES = (0.1, 0.2, 0.6, 0.1)
SURVEY = Survey(
    "s", "S", "1", "c", "l", tuple(ITEMS), {"IRQ": {i.id: Answers(SHARES) for i in ITEMS if i.id != "Q7"}}, "print"
)


class Scribe(Engine):
    """Says the same to everything, and remembers what it was asked."""

    def __init__(self, says: str) -> None:
        self.model, self.usage, self.says, self.asked = ModelRef("x", Path("x"), "x"), Usage(), says, []

    def generate(self, chats, sampling, adapter=None):
        self.asked += [chat[-1].content for chat in chats]
        return [[self.says] for _ in chats]

    def score(self, chats, options, adapter=None):
        raise NotImplementedError

    def close(self) -> None:
        pass


def tools(says: str = "") -> tuple[Tools, Scribe]:
    scribe = Scribe(says)
    return tools_with(lambda: scribe), scribe


def test_levels_are_ranked_by_share_and_ties_go_to_the_lower() -> None:
    assert ranked_levels(ITEMS[0], Answers((0.1, 0.2, 0.6, 0.1))) == (2, 1, 0, 3)
    ten = make_item("T", "t", "x", levels=5, scale=Scale.ten_point)
    assert ranked_levels(ten, Answers((0.3, 0.0, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.25, 0.25)))[:2] == (4, 0)


def test_the_template_says_the_top_answer_or_the_order_of_answers() -> None:
    (top,) = TEMPLATE.low_level([Evidence(ITEMS[0], (2,))], "People here", tools()[0])
    assert top == "People here give a the mark number2."
    (ranked,) = TEMPLATE.low_level([Evidence(ITEMS[0], (2, 1, 0))], "People here", tools()[0])
    assert ranked == (
        "People here mostly give a the mark number2, less often give a the mark number1 and seldom give a the mark "
        "number0."
    )


def test_only_what_the_country_was_asked_becomes_a_norm() -> None:
    low = mine_low(SURVEY, "IRQ", "People in Iraq", MiningInput.tq_ta, TEMPLATE, tools()[0])
    assert list(low) == [i.id for i in ITEMS if i.id != "Q7"]
    assert all("number2" in text and text.startswith("People in Iraq") for text in low.values())


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_high_norms_are_some_of_the_topics_own(count: int) -> None:
    low = mine_low(SURVEY, "IRQ", "People in Iraq", MiningInput.tq_ta, TEMPLATE, tools()[0])
    high = mine_high(SURVEY, low, count, "People in Iraq", TEMPLATE, tools()[0])
    assert set(high) == {"trust", "work"}
    assert len(high["trust"]) == min(count, 4) and len(high["work"]) == min(count, 3)
    assert set(high["trust"]) <= {low[f"Q{n}"] for n in range(4)}


def test_a_template_knows_nothing_about_a_topic() -> None:
    with pytest.raises(AlignbenchError, match="author=llm"):
        mine_topics(SURVEY, 2, "People in Iraq", TEMPLATE, tools()[0])


def test_what_the_author_is_told_depends_on_the_mining() -> None:
    for mining, told, untold in ((MiningInput.tq_ta, "number2", "number1"), (MiningInput.tq_ra, "number1", "number3")):
        made, scribe = tools("People in Iraq hold this firmly.")
        mine_low(SURVEY, "IRQ", "People in Iraq", mining, LLMAuthor(), made)
        assert told in scribe.asked[0] and untold not in scribe.asked[0]
    made, scribe = tools("1. People in Iraq hold this.")
    mined = mine_topics(SURVEY, 2, "People in Iraq", LLMAuthor(), made)
    assert mined["trust"] == ["People in Iraq hold this."]
    assert all("How about" not in text and "number" not in text for text in scribe.asked)


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("1. People in Iraq trust few.\n2) People in Iraq work hard.\n3. People in Iraq rest a lot.", 2),
        ("- Trust is rare there.", 1),
        ("People in Iraq.\nPeople in Iraq trust few.\nPeople in Iraq trust few.", 1),
        ("People in Iraq.", 0),
        ("", 0),
        ("no\nno", 0),
    ],
)
def test_lines_of_a_model_become_norms_of_the_subject(says: str, expected: int) -> None:
    norms = LLMAuthor().high_level("trust", ["x"], 2, "People in Iraq", tools(says)[0])
    assert len(norms) == expected and all(norm.startswith("People in Iraq") for norm in norms)


@pytest.mark.parametrize("says", ["People in Iraq.", "", "1.\n2.\n"])
def test_an_author_who_says_nothing_is_refused_and_its_empty_norms_are_never_kept(says: str, capsys) -> None:
    with pytest.raises(AlignbenchError, match=r"author.least.*0 of 7 say something"):
        mine_low(SURVEY, "IRQ", "People in Iraq", MiningInput.tq_ta, LLMAuthor(), tools(says)[0])
    kept = mine_low(SURVEY, "IRQ", "People in Iraq", MiningInput.tq_ta, LLMAuthor(least=0), tools(says)[0])
    assert not kept and "norms: 0 of 7 say something" in capsys.readouterr().out


def test_the_note_and_the_key_name_who_wrote() -> None:
    base = ModelRef("base", Path("x"), "f")
    other = LLMAuthor(APIModel(Server(served_model="big")))
    assert "the base model itself" in LLMAuthor().note and "big" in other.note
    assert "written by base." in LLMAuthor().supply(model=base, embedder=Words()).note
    thinking, weights = replace(base, template_kwargs={"enable_thinking": True}), replace(base, fingerprint="g")

    def found(author: Author) -> list[str]:
        return [canonical(author.supply(model=model, embedder=Words())) for model in (base, thinking, weights)]

    assert len(set(found(LLMAuthor()))) == 3
    assert len(set(found(other))) == 1 and found(other)[0] not in found(LLMAuthor())


def test_norms_survive_the_store(tmp_path: Path) -> None:
    for norms in ({"Q1": "a"}, {"trust": ["a", "b"]}):
        save(tmp_path, norms)
        assert load(tmp_path) == norms

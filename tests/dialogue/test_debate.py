"""Debates: who holds what, and what the moderator says before which turn."""

from __future__ import annotations

from alignbench.dialogue import seen
from alignbench.dialogue.debate import Party, debate, parties
from alignbench.dialogue.roleplay import RolePlay, load
from alignbench.dialogue.scenario import SIDES, load_lexicons
from alignbench.types import Culture, Item, Scale
from tests.dialogue.stage import Stage, lively

ITEM = Item(
    "Q1", "values", "family", Scale.ordinal, (1, 2), "the place of family", "less important",
    "How much does family matter?", ("Much", "Little"), ("find family important", "find family unimportant"),
)  # fmt: skip
HELD = ITEM.statement(0, "I")
IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "argentina")
COUNTRIES = {"IRQ": "Iraq", "USA": "the United States", "GBR": "the United Kingdom"}


def opened(within: bool = False, attitude: str | None = HELD, guided: bool = True, culture: Culture = IRAQ):
    return debate(ITEM, *parties(culture, COUNTRIES, within), attitude, guided, 7, 0)


def test_the_delegate_alone_is_told_what_to_hold() -> None:
    d = opened()
    own, other = (seen(d, side)[0].content for side in SIDES)

    assert HELD in own and "as people in Iraq would" in own
    assert HELD not in other and "as people in the United States would" in other
    assert ITEM.question in own and ITEM.question in other
    assert d.scenario.a.name in {*load_lexicons()["iraq"]["female"], *load_lexicons()["iraq"]["male"]}


def test_within_a_culture_both_hold_it() -> None:
    d = opened(within=True)
    assert all(HELD in seen(d, side)[0].content for side in SIDES)
    assert d.scenario.a.name != d.scenario.b.name


def test_without_self_calibration_nobody_is_told_to_speak_for_a_country() -> None:
    d = opened(attitude=None)
    told = [seen(d, side)[0].content for side in SIDES]
    assert not any(HELD in text or "would" in text for text in told)


def test_cues_come_in_the_order_of_the_paper_and_only_before_their_turn(tmp_path) -> None:
    d = opened()
    assert len(d.cues) == 7 and len(set(d.cues)) == 6  # the third is said again, to the other
    stage = Stage(lively)
    (played,) = RolePlay(max_turns=7, max_overlap=1).play(stage, [d], tmp_path)
    for position, ((*earlier, last),) in enumerate(stage.calls):
        assert last.content.endswith(f"({d.cues[position]})")
        assert not any(cue in message.content for cue in d.cues for message in earlier)
    assert all(not set(d.cues) & {turn.text} for turn in played.turns)


def test_free_talk_has_no_cues() -> None:
    d = opened(guided=False)
    assert d.cues == () and seen(d, "a")[-1].content == ITEM.question


def test_an_american_talks_to_a_briton_and_any_country_has_names() -> None:
    usa = Culture("usa", "the United States", "USA", "American", "en", "germany")
    assert parties(usa, COUNTRIES, within=False)[1] == Party("uk", "the United Kingdom")
    atlantis = Culture("atlantis", "Atlantis", "ATL", "Atlantean", "en", "iraq")
    assert "{" not in seen(opened(culture=atlantis), "a")[0].content


def test_a_debate_comes_back_from_disk_as_it_was(tmp_path) -> None:
    played = RolePlay(max_turns=2).play(Stage(lively), [opened()], tmp_path)
    assert load(tmp_path)[1] == played

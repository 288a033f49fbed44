"""What makes a dialogue and an intent usable, apart from any model."""

from dataclasses import replace

import pytest

from alignbench.dialogue import Stop, TrainingText, Utterance
from alignbench.dialogue.intent import Intent, asks, fault, intent_view, mentions, sentences
from alignbench.dialogue.judging import Rating, Review, Unread, stated, unplayed

from .stage import openings

PLAYED = TrainingText.played
TALK = ("Good evening, mother.", "Sit down\nand eat.", "The job is mine. I leave in May.")
DIALOGUE = replace(
    openings(1)[0], turns=tuple(Utterance(s, t) for s, t in zip("aba", TALK, strict=True)), stop=Stop.closing
)


@pytest.mark.parametrize(
    ("quality", "fit", "meta", "fault"),
    [
        (("good", "very confident"), ("no", "very confident"), ("good", "confident"), None),
        (("bad", "confident"), ("yes", "confident"), ("bad", "not sure"), None),
        (("bad", "very confident"), ("yes", "confident"), ("good", "very confident"), "bad quality"),
        (("good", "confident"), ("yes", "confident"), ("bad", "very confident"), "bad on second thought"),
        (("", "not sure"), ("yes", "confident"), ("good", "confident"), None),
        (("", "not sure"), ("yes", "confident"), ("bad", "very confident"), "bad on second thought"),
    ],
)
def test_only_a_very_confident_bad_drops_a_dialogue(quality, fit, meta, fault):
    review = Review(Rating(*quality), Rating(*fit), "", Rating(*meta))
    assert review.fault(Unread.kept) == fault
    assert review.fault(Unread.dropped) == ("no verdict" if review.unread else fault)


def test_stated_verdicts_are_read_wherever_they_stand():
    assert stated("Bad, very confident", ("good", "bad")) == Rating("bad", "very confident")
    assert stated("**good** (not sure)", ("good", "bad")) == Rating("good", "not sure")
    assert stated("goodness me", ("good", "bad")) == Rating("", "not sure")


def test_dialogues_too_short_or_garbled_are_not_read():
    assert unplayed(DIALOGUE, 3) is None
    assert unplayed(DIALOGUE, 4) == "too short: closing"
    assert unplayed(replace(DIALOGUE, stop=None), 4) == "too short: still going on"
    noise = replace(DIALOGUE, turns=(*DIALOGUE.turns, Utterance("b", "#1 §3 %7 &&& +++")))
    assert unplayed(noise, 3) == "garbled"


def test_the_expert_sees_no_later_turn():
    text = asks(DIALOGUE, 1)[1].content
    assert "Haruka: Sit down and eat.\n\nWhat does Haruka intend" in text and "The job is mine" not in text


@pytest.mark.parametrize(
    ("reply", "text", "wrong"),
    [
        ("The intent: to greet her mother. Also mo", "to greet her mother.", None),
        ('To greet her.\nTo be "kind."', 'To greet her. To be "kind."', None),
        ("She wants to leave", "She wants to leave", "no sentence ends"),
        ("", "", "empty"),
        ("%%% !!", "%%% !!", "empty"),
        ("I cannot assist with that", "I cannot assist with that", "refusal"),
        ("As an AI, I see a greeting.", "As an AI, I see a greeting.", "role leak"),
    ],
)
def test_an_intent_is_whole_sentences_that_say_something(reply, text, wrong):
    assert (sentences(reply)[0], fault(sentences(reply)[0])) == (text, wrong)


def test_a_sentence_that_names_country_or_custom_is_cultural():
    assert mentions("As is usual in Japan.", "Japan") and mentions("To follow the tradition.", None)
    assert not mentions("To greet her.", "Japan") and not mentions("The enormous bill.", None)


def test_turns_without_intent_go_before_the_next_that_has_one():
    messages, last = intent_view(DIALOGUE, {1: Intent("To care.", True)}, PLAYED)
    assert last == "To care. (rooted in the culture)" and len(messages) == 1
    assert messages[0].content.endswith("Aiko: Good evening, mother.\nHaruka: Sit down and eat.")
    messages, last = intent_view(DIALOGUE, {0: Intent("To greet.", False), 2: Intent("To tell.", False)}, PLAYED)
    assert [m.role for m in messages] == ["user", "assistant", "user"] and last == "To tell. (generic)"
    assert messages[2].content == "Haruka: Sit down and eat.\nAiko: The job is mine. I leave in May."
    assert intent_view(DIALOGUE, {}, PLAYED) is None
    assert not any(
        secret in m.content for m in messages for secret in (DIALOGUE.scenario.a.goal, DIALOGUE.scenario.b.goal)
    )

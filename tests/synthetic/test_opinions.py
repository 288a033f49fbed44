"""Opinions: taken out of speeches, verified, rewritten, thinned out."""

from __future__ import annotations

import pytest

from alignbench.judge.embedding import EmbeddingJudge
from alignbench.synthetic.opinions import (
    Extract,
    Opinion,
    Speech,
    extracted,
    first_person,
    in_shape,
    rewritten,
    settle,
    thinned,
    verified,
)
from alignbench.synthetic.tally import Tally
from alignbench.types import Norm, Sampling
from tests.doors import tools_with
from tests.method.writers import Pen, Writer
from tests.words import Words

STANCE = Norm("Q1", "IRQ", 0, "I find family very important.", "I find family of no importance.", 0.9, 0, "I")
QUESTION = "How much does family matter?"


def opinion(text: str, stance: Norm = STANCE) -> Opinion:
    return Opinion(stance, QUESTION, text)


def no_engine():
    raise AssertionError("no model is needed")


def test_sentences_of_a_speech_are_opinions_without_a_model() -> None:
    speech = Speech(STANCE, QUESTION, ("Noor",), 'Noor thinks that family is all. "Do you see?" I live with my par')
    silent = Speech(STANCE, QUESTION, ("Noor",), "Well")

    found = extracted(no_engine, Extract.sentences, [speech, silent], Sampling())

    assert [o.text for o in found] == ["I think that family is all.", "Do you see?", ""]
    assert found[0].stance is STANCE and found[0].question == QUESTION


def test_a_model_lists_opinions_line_by_line() -> None:
    pen = Pen(lambda chat, draw: "1. People in Iraq love their families.\n- I visit my mother daily.\n\n")
    speech = Speech(STANCE, QUESTION, ("Noor", "people in Iraq"), "Family is all.")

    found = extracted(lambda: pen, Extract.model, [speech], Sampling())

    assert [o.text for o in found] == ["I love their families.", "I visit my mother daily."]
    assert "Family is all." in pen.asked[0][-1].content


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("He is sure of it.", "I am sure of it."),
        ("She misses her family.", "I miss her family."),
        ("They teach children well.", "I teach children well."),
        ("The speaker has doubts.", "I have doubts."),
        ("Noorah thinks so.", "Noorah thinks so."),
        ("Family comes first.", "Family comes first."),
    ],
)
def test_opinions_speak_in_the_first_person(text, said) -> None:
    assert first_person(text, ("Noor",)) == said


def test_what_is_no_opinion_is_dropped_with_its_reason() -> None:
    tally = Tally("opinions")
    texts = ["Family is what I live for.", "Family it is.", "Do you think family is important?", "", "word " * 12]
    texts += ["As an AI, I have no family of my own.", "The speaker does not express an opinion."]

    kept = in_shape([opinion(text) for text in texts], 10, tally)

    assert [o.text for o in kept] == texts[:1]
    reasons = ["under 5 words", "a question", "empty", "over 10 words", "refusal", "no opinion"]
    assert tally.dropped == dict.fromkeys(reasons, 1)


def test_a_contrary_opinion_stays_if_its_rewrite_fits_and_the_rewrite_is_what_is_judged() -> None:
    tally, asked = Tally("opinions"), []
    verdict_of = {"fits": 1, "against": -1, "tea": 0}

    def verify(opinions):
        asked.append([o.text for o in opinions])
        return [next(v for word, v in verdict_of.items() if word in o.text) for o in opinions]

    pen = Pen(
        lambda chat, draw: "Now this fits what I hold." if "first" in chat[-1].content else "Still against it, I am."
    )
    texts = [
        "This fits what I hold.",
        "The first against what I hold.",
        "The second against what I hold.",
        "I like tea.",
    ]

    kept = settle([opinion(t) for t in texts], verify, lambda o: rewritten(lambda: pen, Sampling(), o), 40, tally)

    assert [o.text for o in kept] == [texts[0], "Now this fits what I hold."]
    assert asked == [texts, ["Now this fits what I hold.", "Still against it, I am."]]
    assert tally.dropped == {"irrelevant": 1, "contrary, the rewrite too": 1}
    assert tally.examples["contrary, the rewrite too"] == ["Still against it, I am."]


def test_verdicts_come_from_a_critic_a_judge_or_nobody() -> None:
    tools, judge = tools_with(no_engine), EmbeddingJudge(embedder=Words())
    texts = ["I find my family very important.", "I find family of no importance."]
    opinions = [opinion(text) for text in texts]
    pen = Pen(lambda chat, draw: "")

    # The stand-in finds the shortest label likeliest: "fits" and "else" have four letters, the first wins.
    assert verified(opinions, Writer(pen), None, tools) == [1, 1]
    assert STANCE.statement in pen.asked[0][-1].content and texts[0] in pen.asked[0][-1].content
    assert verified(opinions, None, judge, tools) == [1, -1]
    assert verified(opinions, None, None, tools) == [1, 1]


def test_of_like_opinions_of_a_stance_one_stays() -> None:
    tally = Tally("opinions")
    alike = ["Family comes before all else.", "Family comes before all else here.", "I would die for my children."]
    other = opinion("Family comes before all else.", Norm("Q2", "IRQ", 0, "I pray.", None, 0.9, 0, "I"))

    kept = thinned([*map(opinion, [*alike, alike[0]]), other], Words(), 2, 0, tally)

    assert [o.text for o in kept if o.stance is STANCE][-1] == alike[2] and kept[-1] is other
    assert tally.kept == len(kept) == 3 and tally.dropped == {"said before": 1, "like another": 1}

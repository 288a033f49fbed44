"""New wordings of questions: what passes, and what is said of the rest."""

from __future__ import annotations

import pytest

from alignbench.synthetic.questions import Gate, content_words, fresh, paraphrase, substitute, synonyms
from alignbench.synthetic.tally import Tally
from alignbench.types import Sampling
from tests.method.writers import GARBAGE, Pen
from tests.words import Words

SEED = "How much do you trust the parliament of your country?"
OTHER = "How often do you pray at home these days?"
DRAWN = Sampling(n=2, seed=1)


def gate(wanted: int = 2, similarity: float = 0.5) -> Gate:
    return Gate(Words(), similarity, wanted)


def last(chat):
    return chat[-1].content


def test_every_offer_is_kept_or_dropped_with_its_reason() -> None:
    tally, known = Tally("paraphrases"), {SEED: []}
    texts = [
        "How far do you trust the parliament of your country?",
        "how far do you trust the Parliament of your country?",
        "how much do you trust the parliament of your country ?",
        "Trust the parliament of your country.",
        "Is it raining?",
        "",
        "I'm sorry, I can't help with that.",
        "Do you trust the parliament of your own country?",
        "Do you trust the parliament of our country?",
    ]

    gate().admit([(SEED, text) for text in texts], known, tally)

    assert [w.text for w in known[SEED]] == [texts[0], texts[7]]
    assert all(0.5 < w.cosine < 1 for w in known[SEED])
    reasons = "said before, copies the seed, not a question, too far, empty, refusal, more than wanted".split(", ")
    assert tally.dropped == dict.fromkeys(reasons, 1) and tally.made == len(texts)


def test_seeds_with_too_few_paraphrases_are_asked_for_again() -> None:
    said = iter(["no", "no", f"So: {SEED}", "Why?", f"And so: {SEED}", "Why not?"])
    pen, tally = (
        Pen(lambda chat, draw: next(said) if "parliament" in last(chat) else f"{draw} {last(chat)}"),
        Tally("x"),
    )

    found = paraphrase(pen, [SEED, OTHER], gate(similarity=0.8), 3, DRAWN, tally)

    assert len(found[SEED]) == 2 and len(found[OTHER]) == 2
    assert [OTHER in last(chat) for chat in pen.asked] == [False, True, False, False]


def test_a_talkative_reply_is_read_up_to_its_first_question_mark() -> None:
    pen = Pen(
        lambda chat, draw: f'\n1. "Say how much do you trust the parliament of your country? No."\nThat was {draw}.'
    )

    (wording,) = paraphrase(pen, [SEED], gate(wanted=1), 1, Sampling(), Tally("x"))[SEED]

    assert wording.text == "Say how much do you trust the parliament of your country?"


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_garbage_gives_nothing_and_is_all_accounted_for(kind) -> None:
    tally, words = Tally("paraphrases"), Tally("synonyms")
    pen = Pen(GARBAGE[kind])

    found = paraphrase(pen, [SEED, OTHER], gate(similarity=0.8), 2, DRAWN, tally)
    listed = synonyms(pen, {SEED: ["parliament"]}, 3, DRAWN, words)

    assert tally.kept == 0 and tally.made == 8 and not any(found.values())
    assert words.kept == 0 and words.made > 0 and listed == {SEED: {"parliament": []}}


def test_words_of_the_options_and_of_grammar_are_not_replaced() -> None:
    question = "How important should democracy be, whether or not elections are often fair in your country?"

    assert content_words(question, {"important", "fair"}, 9) == ["democracy", "elections", "country"]
    assert content_words(question, {"important"}, 1) == ["democracy"]


def test_synonyms_are_put_in_until_there_are_enough_wordings() -> None:
    tally, listed = Tally("wordings"), Tally("synonyms")
    pen = Pen(lambda chat, draw: "assembly, the parliaments, Congress, assembly, 12, country, chamber, senate")
    found = synonyms(pen, {SEED: ["parliament"]}, 3, DRAWN, listed)
    known = {SEED: []}

    substitute(known, found, gate(wanted=2), 0, tally)

    assert found == {SEED: {"parliament": ["assembly", "congress", "chamber"]}}
    assert listed.dropped == {
        "the word itself": 1,
        "said before": 1,
        "empty": 1,
        "in the sentence already": 1,
        "more than wanted": 1,
    }
    assert len(known[SEED]) == 2 and tally.kept == 2 and tally.made == 2
    assert all("parliament" not in w.text and w.text.endswith("of your country?") for w in known[SEED])


def test_new_questions_are_neither_copies_nor_off_the_topic() -> None:
    tally, known = Tally("questions"), {"trust": [SEED], "religion": [OTHER]}
    offers = [("trust", SEED), ("trust", "Do you trust the courts of your country?"), ("religion", "Tea or coffee?")]
    offers += [("trust", "No."), ("trust", ""), ("trust", "Do you trust the courts of your country? I do.")]

    found = fresh(Words(), offers, known, 0.95, 0.3, tally)

    assert found == [None, "Do you trust the courts of your country?", None, None, None, None]
    reasons = ["copies a training item", "off the topic", "not a question", "empty", "said before"]
    assert tally.dropped == dict.fromkeys(reasons, 1) and tally.kept == 1

"""How written replies are read, what is made of those that cannot be, and that chunks and seeds hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alignbench.aligned import ModelSession
from alignbench.data.languages import languages, phrases
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Labels, Orders, Style
from alignbench.evaluation.elicit import Elicit, Replying, option_in, people_in
from alignbench.evaluation.items import format_scores
from alignbench.evaluation.score import score_responses
from alignbench.evaluation.survey import Scoring, distributions, option_mass, respond, unread, written
from alignbench.identity import canonical
from alignbench.types import Chat, PromptPolicy, Sampling, Scale

from .worlds import TableEngine, item, opened, survey

LETTERS, TEXTS = ("A", "B", "C"), ("Agree strongly", "Yes, in part", "Disagree")
ITEMS = [item("Q1"), item("Q2", 4), item("T", 10, scale=Scale.ten_point)]
VERBALISED = Scoring(elicit=Elicit.verbalised)
SAMPLED = Scoring(elicit=Elicit.sampled, samples=10)


class Writer(TableEngine):
    """Writes what ``write(chat, sampling)`` says; counts calls as the engine of the table does."""

    def __init__(self, write: Callable[[Chat, Sampling], Sequence[str]], dies_after: int | None = None) -> None:
        super().__init__(lambda chat, options: [], dies_after)
        self.write = write
        self.samplings: list[Sampling] = []

    def generate(self, chats: Sequence[Chat], sampling: Sampling, adapter: Path | None = None) -> list[list[str]]:
        if self.dies_after is not None and len(self.calls) >= self.dies_after:
            raise KeyboardInterrupt
        self.calls.append(list(chats))
        self.samplings.append(sampling)
        return [list(self.write(chat, sampling)) for chat in chats]


def listed(chat: Chat) -> list[tuple[str, str]]:
    """Label and wording of each option that a prompt lists."""
    lines = (line.partition(". ") for line in chat[-1].content.splitlines())
    return [(label, text) for label, _, text in lines if "option" in text]


def counting(chat: Chat, sampling: Sampling) -> list[str]:
    """A model that knows shares by wording: option 0 has 70 people, option 1 has 30, in whatever order."""
    people = {"0": 70, "1": 30}
    return ["\n".join(f"{label}: {people.get(text[-1], 0)}" for label, text in listed(chat))]


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        ("B", 1),
        (" b.", 1),
        ("(B)", 1),
        ("**B**", 1),
        ("B. Yes, in part", 1),
        ("B) yes", 1),
        ("Answer: B", 1),
        ("Answer：B。", 1),
        ("Yes, in part.", 1),
        ("B\nbecause A is wrong", 1),
        ("A good question", None),
        ("I agree", None),
        ("A-C", None),
        ("Both A and B", None),
        ("", None),
        ("D", None),
    ],
)
def test_a_drawn_answer_is_a_label_or_a_wording_and_nothing_else(reply: str, place: int | None) -> None:
    assert option_in(reply, LETTERS, TEXTS) == place


@pytest.mark.parametrize(("reply", "place"), [("2", 1), ("2. Yes", 1), ("1.5", None), ("12", None), ("(1-3)", None)])
def test_numbers_as_labels_are_whole_numbers(reply: str, place: int | None) -> None:
    assert option_in(reply, ("1", "2", "3"), TEXTS) == place


@pytest.mark.parametrize(
    ("reply", "people"),
    [
        ("A: 50\nB: 30\nC: 20", (50, 30, 20)),
        ("A: 50, B: 30, C: 20", (50, 30, 20)),
        ("A. Agree strongly: 50 people\nB. Yes, in part: 30 people\nC. Disagree: 20", (50, 30, 20)),
        ("- **A**: 50%\n- **B**: 30%\n- **C**: 20%", (50, 30, 20)),
        ("Of 100 people:\nA = 60 of 100\nC = 40 of 100", (60, 0, 40)),
        ("A：50\nB：30\nC：20", (50, 30, 20)),
        ("A: 33,3\nB: 33.3\nC: 33,4", (33.3, 33.3, 33.4)),
        ("A: 50\nB: 30\nC: 20\nA: 1\nB: 2", (50, 30, 20)),
        ("A: 55\nB: 30\nC: 25", (55, 30, 25)),
        ("A: 55\nB: 35\nC: 21", None),
        ("A: 50\nB: 30", None),
        ("A: 0\nB: 0\nC: 0", None),
        ("I think 40 people would agree and 60 would not.", None),
        ("", None),
    ],
)
def test_people_are_read_by_their_labels_and_must_come_near_a_hundred(reply: str, people: Sequence[float]) -> None:
    assert people_in(reply, LETTERS, TEXTS, 0.1) == people


def test_the_tolerance_decides_what_is_near_a_hundred() -> None:
    reply = "A: 50\nB: 30"
    assert people_in(reply, LETTERS, TEXTS, 0.2) == (50, 30, 0) and people_in(reply, LETTERS, TEXTS, 0.19) is None


def test_digits_of_other_scripts_are_read() -> None:
    assert Replying(8, samples=2).counts("٢", ("1", "2"), ()) == (0.0, 1.0)
    assert Replying(8).counts("A: ৪০\nB: ৬০", ("A", "B"), ()) == (40.0, 60.0)


@pytest.mark.parametrize("language", languages())
def test_people_can_be_asked_for_in_every_language_that_has_phrases(language: str) -> None:
    said = phrases(language).counted
    assert said is not None and said.count("{label}") == 1 and "100" in said
    asked = VERBALISED.asking.prompt(ITEMS[0], 0, "forward", None, language).request
    assert asked.chat[-1].content.endswith(said.format(label="A")) and asked.options == LETTERS


def test_a_language_without_the_question_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from alignbench.evaluation import ask

    monkeypatch.setattr(ask, "phrases", lambda code: replace(phrases("en"), counted=None))
    with pytest.raises(AlignbenchError, match="people out of 100 cannot be asked for in it"):
        VERBALISED.asking.prompt(ITEMS[0], 0, "forward", None)


def test_the_short_form_lists_nothing_to_count_people_for() -> None:
    Scoring(elicit=Elicit.sampled, style=Style.compact, orders=Orders.forward, labels=Labels.numbers).asking.prompt(
        ITEMS[0], 0, "forward", None
    )
    with pytest.raises(AlignbenchError, match=r"scoring.style.*elicit=label or elicit=sampled"):
        _ = Scoring(elicit=Elicit.verbalised, style=Style.compact, orders=Orders.forward).asking


def test_one_draw_is_refused() -> None:
    with pytest.raises(AlignbenchError, match=r"scoring.samples.*two draws"):
        Scoring(samples=1)


def test_practice_and_labels_do_not_depend_on_the_form() -> None:
    label = Scoring()
    for form in (VERBALISED, SAMPLED, Scoring(elicit=Elicit.text)):
        assert canonical(form.asking.alone) == canonical(label.asking.alone)
    assert canonical(SAMPLED.asking.by_label) == canonical(label.asking)


def test_knobs_that_a_form_does_not_read_are_in_no_key() -> None:
    other = {"samples": 9, "sample_seed": 4, "tolerance": 0.3, "reply_tokens": 7, "divide_prior": False}
    read = {
        Elicit.label: set(),
        Elicit.text: {"divide_prior"},
        Elicit.verbalised: {"tolerance", "reply_tokens"},
        Elicit.sampled: {"samples", "sample_seed", "reply_tokens"},
    }
    for form, names in read.items():
        plain = Scoring(elicit=form)
        for name, value in other.items():
            changed = Scoring(elicit=form, **{name: value})
            assert (canonical(changed.asking) != canonical(plain.asking)) is (name in names)
            assert (canonical(changed.as_read) != canonical(plain.as_read)) is (name in names)


def test_verbalised_shares_follow_the_wording_in_both_orders(tmp_path: Path) -> None:
    engine = Writer(counting)
    responses = respond(opened(engine), ITEMS[:2], VERBALISED.asking, tmp_path)
    found = distributions(responses, ITEMS[:2])
    np.testing.assert_allclose(found["Q1"], [0.7, 0.3, 0])
    np.testing.assert_allclose(found["Q2"], [0.7, 0.3, 0, 0])
    assert engine.samplings == [Sampling(256)] and unread(responses) == 0
    assert all(np.isnan(mass) for mass in option_mass(responses).values())


def test_people_on_a_scale_and_for_options_that_are_numbers_are_no_wordings(tmp_path: Path) -> None:
    def write(chat: Chat, sampling: Sampling) -> list[str]:
        assert "T option 0" in chat[-1].content and "\nA. " not in chat[-1].content
        return ["A: 60\nB: 35\nC: 5"]

    (forward, _) = VERBALISED.asking.prompts([ITEMS[2]], PromptPolicy())
    assert forward.texts == () and forward.request.options == tuple("ABCDEFGHIJ")
    responses = respond(opened(Writer(write)), ITEMS[2:], VERBALISED.asking, tmp_path)
    np.testing.assert_allclose(distributions(responses, ITEMS[2:])["T"][:3], [0.3, 0.175, 0.025])
    assert people_in("A: 5\nB: 95", ("A", "B"), ("5", "7 or more"), 0.0) == (5, 95)


def test_what_cannot_be_read_is_left_out_counted_and_kept(tmp_path: Path) -> None:
    def write(chat: Chat, sampling: Sampling) -> list[str]:
        if "Q2" in chat[-1].content:
            return ["I would rather not say."]
        return counting(chat, sampling) if listed(chat)[0][1].endswith("0") else ["No idea."]

    responses = respond(opened(Writer(write)), ITEMS[:2], VERBALISED.asking, tmp_path)
    found = distributions(responses, ITEMS[:2])
    np.testing.assert_allclose(found["Q1"], [0.7, 0.3, 0])
    np.testing.assert_allclose(found["Q2"], [0.25] * 4)
    assert unread(responses) == 0.75
    assert {name: known.unread for name, known in written(responses, False).items()} == {"Q1": 0.5, "Q2": 1.0}
    said = responses[responses["item"] == "Q2"]["said"].map(json.loads)
    assert all(texts == ["I would rather not say."] for texts in said)
    shares = {"IRQ": {"Q1": (0.7, 0.3, 0), "Q2": (0.1, 0.2, 0.3, 0.4)}}
    scores = score_responses(responses, survey(ITEMS[:2], shares), "IRQ", VERBALISED)
    assert scores["unread"].tolist() == [0.5, 1.0] and scores["mass"].isna().all() and scores["draw_bias"].isna().all()
    assert scores["js"][0] == pytest.approx(1)


def test_draws_are_counted_among_those_that_were_read(tmp_path: Path) -> None:
    def write(chat: Chat, sampling: Sampling) -> list[str]:
        assert sampling.n == 10 and sampling.temperature == 1 and sampling.max_new_tokens == 16
        by_text = {text[-1]: label for label, text in listed(chat)}
        return [by_text["0"]] * 6 + [by_text["1"]] * 2 + ["Hm."] * 2

    responses = respond(opened(Writer(write)), ITEMS[:2], SAMPLED.asking, tmp_path)
    np.testing.assert_allclose(distributions(responses, ITEMS[:2])["Q1"], [0.75, 0.25, 0])
    known = written(responses, True)["Q1"]
    assert known.unread == pytest.approx(0.2) and known.drawn is not None
    np.testing.assert_array_equal(known.drawn.counts, [[6, 2, 0], [6, 2, 0]])


def test_both_orders_cancel_a_liking_for_the_first_label_however_one_asks(tmp_path: Path) -> None:
    def first(chat: Chat, sampling: Sampling) -> list[str]:
        label = listed(chat)[0][0]
        return [label] * sampling.n if sampling.n > 1 else [f"{label}: 100"]

    for knobs in (SAMPLED, VERBALISED):
        folder = tmp_path / knobs.elicit.name
        folder.mkdir()
        responses = respond(opened(Writer(first)), ITEMS[:1], knobs.asking, folder)
        np.testing.assert_allclose(distributions(responses, ITEMS[:1])["Q1"], [0.5, 0, 0.5])
        world = survey(ITEMS[:1], {"IRQ": {"Q1": (0.6, 0.2, 0.2)}})
        by_order = format_scores({"": responses}, world, "IRQ", knobs)
        assert set(by_order) == {"forward", "reversed"} and by_order["forward"] > by_order["reversed"]
        # What the order decides is no chance of the draws.
        scores = score_responses(responses, world, "IRQ", knobs)
        assert np.nan_to_num(scores["draw_bias"][0]) == np.nan_to_num(scores["draw_error"][0]) == 0


def test_a_killed_run_goes_on_and_chunks_do_not_draw_alike(tmp_path: Path) -> None:
    def write(chat: Chat, sampling: Sampling) -> list[str]:
        labels = [label for label, _ in listed(chat)] or list("ABCDEFGHIJ")
        return list(np.random.default_rng(sampling.seed).choice(labels, sampling.n))

    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    engine = Writer(write)
    whole = respond(opened(engine, "x", "y"), ITEMS, SAMPLED.asking, tmp_path / "whole", 2)
    seeds = [sampling.seed for sampling in engine.samplings]
    assert len(seeds) == len(set(seeds)) == 3
    folder = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        respond(opened(Writer(write, dies_after=2), "x", "y"), ITEMS, SAMPLED.asking, folder, 2)
    resumed = respond(opened(Writer(write), "x", "y"), ITEMS, SAMPLED.asking, folder, 2)
    pd.testing.assert_frame_equal(resumed, whole)


def test_thoughts_come_before_what_is_written(tmp_path: Path) -> None:
    def write(chat: Chat, sampling: Sampling) -> list[str]:
        thinking = sampling.max_new_tokens == 5
        return ["Well."] * sampling.n if thinking else ["A: 100"] if chat[-2].content == "Well." else ["?"]

    policy = PromptPolicy((None,), reasoning=Sampling(5, 0.5, n=2))
    responses = respond(ModelSession(Writer(write), None, policy), ITEMS[:1], VERBALISED.asking, tmp_path)
    assert unread(responses) == 0 and sorted(responses["chain"].unique()) == [0, 1]
    closing = phrases("en").counted
    assert closing is not None
    prompt = VERBALISED.asking.prompt(ITEMS[0], 0, "forward", None, thinking=True)
    assert "100 people" not in prompt.request.chat[-1].content and "100 people" in (prompt.conclude or "")


def test_the_form_must_say_how_replies_are_read_and_no_other_may() -> None:
    for wrong in ((Elicit.sampled, None), (Elicit.label, Replying(16))):
        with pytest.raises(AlignbenchError, match=r"asking.replying"):
            Asking(wrong[0], replying=wrong[1])

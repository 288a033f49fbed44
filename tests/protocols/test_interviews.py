"""Interviews: what is asked of whom, resumed anywhere, in memory that does not grow with people."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alignbench.protocols.interviews as module
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Orders
from alignbench.evaluation.measures.inputs import REFUSED
from alignbench.evaluation.survey import Scoring
from alignbench.protocols.interviews import chosen, interview, option_written, read
from alignbench.protocols.recipe import AnswerForm, Pass
from alignbench.types import Chat, PromptPolicy, Sampling
from tests.evaluation.worlds import TableEngine, item, opened

ITEMS = [item("Q1"), item("Q2", 4)]
KNOBS = Scoring(orders=Orders.forward, chunk=4)


def people(count: int) -> list[str]:
    return [f"You are person {number}." for number in range(count)]


def by_number(chat: Chat, options: Sequence[str]) -> list[float]:
    """Person k takes option k, counted round."""
    number = int(chat[0].content.split("person ")[1].split(".")[0])
    return [0.0 if place == number % len(options) else -5.0 for place in range(len(options))]


def test_each_person_is_asked_each_item_in_the_place_of_the_own_prompt(tmp_path: Path) -> None:
    engine = TableEngine(by_number)
    assert (
        interview(opened(engine, "In brief.", "At length."), people(5), ITEMS, KNOBS.asking, tmp_path, KNOBS.chunk)
        == 10
    )
    systems = [chat[0].content for call in engine.calls for chat in call]
    assert systems[:2] == ["You are person 0.\n\nIn brief."] * 2
    assert systems[2:4] == ["You are person 1.\n\nAt length."] * 2
    assert [len(call) for call in engine.calls] == [4, 4, 2]
    choices, mass = chosen(tmp_path, ITEMS, 5, refused_below=0.5)
    np.testing.assert_array_equal(choices, [[0, 0], [1, 1], [2, 2], [0, 3], [1, 0]])
    assert mass == pytest.approx(0.5)


def test_balanced_orders_take_turns_over_people(tmp_path: Path) -> None:
    interview(opened(TableEngine(by_number)), people(4), ITEMS, replace(KNOBS.asking, orders=Orders.balanced), tmp_path)
    table = pd.read_parquet(tmp_path)
    asked = table.groupby("respondent")["order"].unique().map(list)
    assert asked.tolist() == [["forward"], ["reversed"]] * 2


def test_answers_below_the_mass_are_refused(tmp_path: Path) -> None:
    interview(opened(TableEngine(by_number)), people(2), ITEMS, KNOBS.asking, tmp_path, KNOBS.chunk)
    assert (chosen(tmp_path, ITEMS, 2, refused_below=0.6)[0] == REFUSED).all()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 1), (" 2.\n\nBecause I am old.", 1), ("ANSWER: 2", 1), ("**2** (agree)", 1), ("回答：2", 1),
        ("No way", 2), ("no way.", 2), ("My answer: 1 (Yes)", 0), ("4", None), ("0", None), ("2 No", None),
        ("I would say 2", None),
        ("", None), ("Because:\n2", None),
    ],
)  # fmt: skip
def test_a_written_answer_is_read_as_the_authors_read_it(text: str, place: int | None) -> None:
    assert option_written(text, ("1", "2", "3"), ("Yes", "Rather", "No way")) == place


def test_written_answers_stand_for_the_people_and_those_that_cannot_be_read_are_refusals(tmp_path: Path) -> None:
    class Writes(TableEngine):
        def generate(self, chats, sampling, adapter=None):
            assert sampling == Sampling(5)
            self.calls.append(list(chats))
            return [
                ["I cannot say." if "person 3" in chat[0].content else str(by_number(chat, "abc").index(0.0) + 1)]
                for chat in chats
            ]

    engine, (asking, tokens) = (
        Writes(by_number),
        Pass(answers=AnswerForm.written, answer_tokens=5).interviewing(replace(KNOBS.asking, orders=Orders.balanced)),
    )
    interview(opened(engine), people(4), ITEMS, asking, tmp_path, KNOBS.chunk, tokens)
    choices = read(tmp_path, ITEMS, 4, asking, PromptPolicy())
    np.testing.assert_array_equal(choices, [[0, 0], [1, 1], [2, 2], [REFUSED, REFUSED]])
    assert set(pd.read_parquet(tmp_path)["order"]) == {"forward"} and sum(map(len, engine.calls)) == 8
    with pytest.raises(AlignbenchError, match="missing"):
        read(tmp_path, ITEMS, 5, asking, PromptPolicy())


def test_a_pass_goes_on_where_it_died(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    whole.mkdir()
    torn.mkdir()
    interview(opened(TableEngine(by_number)), people(7), ITEMS, KNOBS.asking, whole, KNOBS.chunk)
    with pytest.raises(KeyboardInterrupt):
        interview(opened(TableEngine(by_number, dies_after=2)), people(7), ITEMS, KNOBS.asking, torn, KNOBS.chunk)
    with pytest.raises(AlignbenchError, match="missing"):
        chosen(torn, ITEMS, 7, 0.5)
    rest = TableEngine(by_number)
    interview(opened(rest), people(7), ITEMS, KNOBS.asking, torn, chunk_size=6)
    assert sum(map(len, rest.calls)) == 6
    order = ["respondent", "item", "position"]
    first, second = (pd.read_parquet(folder).sort_values(order, ignore_index=True) for folder in (whole, torn))
    pd.testing.assert_frame_equal(first, second)


def test_memory_holds_a_chunk_however_many_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[weakref.ref[pd.DataFrame]] = []
    alive = []

    def remembered(frame: pd.DataFrame) -> pd.DataFrame:
        alive.append(sum(ref() is not None for ref in frames))
        frames.append(weakref.ref(frame))
        return frame

    real_write, real_read = module.write_table, pd.read_parquet
    monkeypatch.setattr(module, "write_table", lambda path, frame: real_write(path, remembered(frame)))
    interview(opened(TableEngine(by_number)), people(30), ITEMS, KNOBS.asking, tmp_path, KNOBS.chunk)
    monkeypatch.setattr(pd, "read_parquet", lambda *args, **kwargs: remembered(real_read(*args, **kwargs)))
    chosen(tmp_path, ITEMS, 30, 0.5)
    assert len(frames) == 30 and max(alive) <= 1

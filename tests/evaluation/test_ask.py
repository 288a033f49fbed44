from __future__ import annotations

import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Labels, Orders
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.survey import Scoring
from alignbench.identity import canonical
from alignbench.types import Item, PromptPolicy, Scale

from .worlds import item

TEN = item("T", 10, scale=Scale.ten_point)


def user(asking: Asking, it: Item, order: str = "forward") -> str:
    return asking.prompt(it, 0, order, None).request.chat[-1].content


def test_options_are_listed_after_the_question_with_their_labels() -> None:
    text = user(Asking(), item("Q"))
    lines = text.splitlines()
    assert lines[0] == "What about Q?"
    assert [line for line in lines if line[:1].isdigit()] == ["1. Q option 0", "2. Q option 1", "3. Q option 2"]
    assert "number" in lines[-1] and "letter" not in text


def test_reversed_order_turns_texts_but_not_labels() -> None:
    prompt = Asking().prompt(item("Q"), 0, "reversed", None)
    assert "1. Q option 2\n2. Q option 1\n3. Q option 0" in prompt.request.chat[0].content
    assert prompt.options == (2, 1, 0) and prompt.request.options == ("1", "2", "3")


@pytest.mark.parametrize(
    ("labels", "n", "expected"),
    [
        (Labels.auto, 9, "1 2 3 4 5 6 7 8 9"),
        (Labels.auto, 10, "A B C D E F G H I J"),
        (Labels.letters, 3, "A B C"),
        (Labels.numbers, 10, "1 2 3 4 5 6 7 8 9 10"),
    ],
)
def test_labels(labels: Labels, n: int, expected: str) -> None:
    assert Asking(labels=labels).labels_for(item("Q", n)) == tuple(expected.split())


def test_more_options_than_letters_is_refused() -> None:
    with pytest.raises(AlignbenchError, match="27 options"):
        Asking(labels=Labels.letters).labels_for(item("Q", 27))


def test_ten_point_names_only_its_poles_and_turns_them() -> None:
    forward, backward = user(Asking(), TEN), user(Asking(), TEN, "reversed")
    assert "A (T option 0) to J (T option 1)" in forward
    assert "A (T option 1) to J (T option 0)" in backward
    assert "letter" in forward


def test_text_mode_scores_the_listed_texts_against_a_prior_without_the_question() -> None:
    prompt = Asking(Elicit.text).prompt(item("Q"), 0, "reversed", "You are here.")
    assert prompt.prior is not None
    asked, prior = prompt.request, prompt.prior
    assert asked.options == prior.options == ("Q option 2", "Q option 1", "Q option 0")
    assert asked.chat[0] == prior.chat[0] and asked.chat[0].content == "You are here."
    assert "What about Q?" in asked.chat[1].content and "What about Q?" not in prior.chat[1].content
    body = asked.chat[1].content.split("\n", 1)[1]
    assert prior.chat[1].content.split("\n", 1)[1] == body


def test_no_prior_where_none_is_wanted_or_options_are_labels() -> None:
    assert Asking(Elicit.text, divide_prior=False).prompt(item("Q"), 0, "forward", None).prior is None
    assert Asking(Elicit.label).prompt(item("Q"), 0, "forward", None).prior is None
    ten = Asking(Elicit.text).prompt(TEN, 0, "forward", None)
    assert ten.prior is None and ten.request.options == tuple("ABCDEFGHIJ")


def test_prompts_cover_items_contexts_and_orders_once() -> None:
    policy = PromptPolicy(("one", None))
    ids = [p.id for p in Asking(orders=Orders.both).prompts([item("Q"), TEN], policy)]
    assert len(ids) == len(set(ids)) == 2 * 2 * 2
    forward = list(Asking(orders=Orders.forward).prompts([item("Q")], policy))
    assert [(p.context, p.order, p.system) for p in forward] == [(0, "forward", "one"), (1, "forward", None)]
    assert [len(p.request.chat) for p in forward] == [2, 1]


def test_parts_change_exactly_with_what_the_model_reads() -> None:
    base = Asking()
    assert canonical(Scoring(divide_prior=False).asking) == canonical(Scoring().asking)
    variants = [
        base,
        Asking(Elicit.text),
        Asking(Elicit.text, divide_prior=False),
        Asking(orders=Orders.forward),
        Asking(labels=Labels.letters),
    ]
    assert len({canonical(v) for v in variants}) == len(variants)


def test_balanced_wordings_take_turns_and_a_single_one_asks_in_both_orders() -> None:
    asking = Asking(orders=Orders.balanced)
    ten = [p.order for p in asking.prompts([item("Q")], PromptPolicy(tuple("abcdefghij")))]
    assert (ten.count("forward"), ten.count("reversed")) == (5, 5)
    assert [p.order for p in asking.prompts([item("Q")], PromptPolicy())] == ["forward", "reversed"]

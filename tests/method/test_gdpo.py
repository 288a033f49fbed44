"""GDPO: which opinions are paired after which belief."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from alignbench.method import gdpo
from alignbench.method.gdpo import opinions
from alignbench.types import Split

from .chains import made


@pytest.fixture
def trained(monkeypatch):
    """Rows and beta that the trainer was called with; nothing is trained."""
    calls = []
    monkeypatch.setattr(gdpo, "train_gdpo", lambda job, rows, beta: calls.append((rows, beta)) or {})
    return calls


def test_beliefs_are_drawn_by_the_shares_and_the_other_opinion_is_never_theirs() -> None:
    shares, levels = (0.5, 0.1, 0.3, 0.1), [0, 0, 1, 2]
    found = list(opinions(shares, levels, 40_000, np.random.default_rng(0)))
    drawn = Counter(place for place, _ in found)
    assert [drawn[place] / len(found) for place in range(4)] == pytest.approx(shares, abs=0.01)
    assert all(other != levels[place] for place, other in found)
    of_first = Counter(other for place, other in found if place == 0)
    assert set(of_first) == {1, 2} and of_first[1] / of_first.total() == pytest.approx(0.5, abs=0.02)


def test_the_chosen_opinion_is_the_sentence_of_the_belief_in_both_orders(make_cell, trained) -> None:
    cell = make_cell("method=gdpo", "culture=iraq", "method.pairs=3")
    found = made(cell)
    ((rows, beta),) = trained
    train = cell.surveys[Split.train]
    asked = train.asked("IRQ")
    assert beta == 0.1 and len(rows) == found.fit.facts["pairs"] == 3 * 2 * len(asked)
    form, turned = cell.scoring.asking.alone, 0
    for row in rows:
        item = train.item(row.question.item)
        prompt = next(
            p for o in ("forward", "reversed") if (p := form.prompt(item, 0, o, None)).request.chat == row.question.chat
        )
        turned += prompt.order == "reversed"
        option = prompt.options[row.question.options.index(row.belief)]
        assert row.chosen == item.statement(item.level(option), "I") != row.rejected
        assert row.rejected in {item.statement(level, "I") for level in range(len(item.predicates))}
        people = train.of("IRQ")[item.id].shares
        assert row.question.target == tuple(people[o] for o in prompt.options)
    assert turned == len(rows) // 2

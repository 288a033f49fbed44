"""Survey DPO: what its trainer is given; the loss itself is in ``tests/training/test_losses.py``."""

from __future__ import annotations

import pytest

from alignbench.method import survey_dpo
from alignbench.training.losses import option_dpo
from alignbench.types import Split

from .chains import made


@pytest.fixture
def trained(monkeypatch):
    """Rows, loss and what else the trainer was called with; nothing is trained."""
    calls = []
    monkeypatch.setattr(
        survey_dpo, "train_on_options", lambda job, rows, loss, **more: calls.append((rows, loss, more)) or {}
    )
    return calls


def test_people_are_preferred_to_the_untrained_model_on_every_training_question_in_both_orders(make_cell, trained):
    cell = make_cell("method=survey_dpo", "culture=iraq", "method.beta=0.5")
    made(cell)
    ((rows, loss, more),) = trained
    assert loss.func is option_dpo and loss.keywords == {"beta": 0.5} and more == {"reference": True}
    train = cell.surveys[Split.train]
    asked = {item.id: train.of("IRQ")[item.id].shares for item in train.asked("IRQ")}
    assert len(rows) == 2 * len(asked) and {row.item for row in rows} == set(asked)
    for forward, reverse in zip(rows[::2], rows[1::2], strict=True):
        assert forward.target == tuple(asked[forward.item]) == reverse.target[::-1]


def test_cultures_together_are_asked_about_each_of_them(make_cell, trained) -> None:
    made(make_cell("method=survey_dpo", "culture=iraq", "method.joint=[IRQ,CHN]", "method.told=training"))
    ((rows, *_),) = trained
    train = make_cell("culture=iraq").surveys[Split.train]
    assert len(rows) == 2 * (len(train.asked("IRQ")) + len(train.asked("CHN")))
    assert len({row.chat for row in rows}) == len(rows)

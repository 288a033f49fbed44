"""What a table says of what methods knew of its items follows from their inputs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from alignbench.runs.describe import _held, _seen
from alignbench.types import Split


@pytest.mark.parametrize(
    ("method", "select", "by_validation"),
    [
        ("survey_sft", "last", False),
        ("survey_sft", "validation", True),
        ("cultural_prompt", "last", False),
        ("steering", "last", True),
        ("persona_mixture", "last", True),
    ],
)
def test_who_holds_the_shares_of_an_item_has_seen_it(make_cell, method, select, by_validation):
    cell = make_cell("model=nano", f"method={method}", f"training.select={select}")
    row = SimpleNamespace(model=cell.method.align(cell.context(cell.culture)))
    assert _held(cell.surveys[Split.validation], [row]) == by_validation
    assert not _held(cell.surveys[Split.test], [row])
    on_validation = SimpleNamespace(scoring=SimpleNamespace(split=Split.validation))
    assert ("chose what stands here" in _seen(on_validation, by_validation)) == by_validation

"""Guards on the planted world: formats beside the main one, respondents, and results as data."""

import pytest

import alignbench
from alignbench.evaluation.board import CEILING, HALVES
from alignbench.runs.compare import compare, plan
from alignbench.store.store import State

from .conftest import row


def test_a_further_form_widens_the_spread_and_leaves_the_score_alone(planted_cell, tmp_path):
    alone, _ = compare(planted_cell(tmp_path, "method=none"))
    plain = row(alone, "base")
    assert set(plain.formats) == {"forward"} and plain.format_spread is None
    assert "one form alone" in " ".join(alone.reading)

    words = ("method=none", "scoring.formats=[letters]")
    cell = planted_cell(tmp_path, *words)
    record, _ = compare(cell)
    base = row(record, "base")
    assert {s.name for s in cell.store.built} == {"respond", "score"} and len(cell.store.built) == 2
    assert (base.key, base.score, base.low) == (plain.key, plain.score, plain.low)
    assert set(base.formats) == {"forward", "letters forward"}
    assert base.formats["forward"] == pytest.approx(plain.score)
    assert base.format_spread > 0 and "2 formats" in " ".join(record.reading)
    assert all(step.state is State.done for step in plan(cell))

    table = alignbench.load_results(tmp_path / "store")
    assert set(table["run"]) == {cell.store.built[-1].key}
    assert set(table.loc[table.metric == "format_score", "facets"]) == {"forward", "letters forward"}


def test_people_of_the_world_reach_less_with_half_of_them(planted):
    record = planted("method=none")
    uniform, halves, fresh = (row(record, label).score for label in ("uniform answers", HALVES, CEILING))
    assert uniform < halves < fresh
    assert record.exposure == {} and "Half of the respondents" in " ".join(record.reading)
    assert all(r.detectable > 0 for r in record.rows if r.difference is not None)

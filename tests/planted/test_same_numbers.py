"""The same key on the same machine, computed twice: prompts bit for bit, trainings within a stated tolerance."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from alignbench.aligned import AlignedModel
from alignbench.runs.compare import compare
from alignbench.store.store import stored
from tests.method.chains import aligned
from tests.method.writers import writer
from tests.planted.test_every_method import METHODS, QUICK, voice

# Of a probability, after a training. Measured on one thread of a CPU: 0 for every method (docs/reliability.md).
TOLERANCE = 1e-6
SAMPLE = ("cultural_prompt",)


def answers(cell) -> tuple[AlignedModel, pd.DataFrame, dict[str, float]]:
    """The method's answers to every question in every order and wording, and the scores of all rows."""
    record = compare(cell)[0]
    model = aligned(cell)
    own = (record.aligned or record.base).key
    (found,) = (stage for stage in stored(cell.store.root, "respond") if stage.key == own)
    return model, pd.read_parquet(found.path / "responses.parquet"), {row.label: row.score for row in record.rows}


@pytest.mark.parametrize("name", [m if m in SAMPLE else pytest.param(m, marks=pytest.mark.long) for m in METHODS])
def test_a_cell_computed_twice(name, planted_cell, tmp_path) -> None:
    words = (f"method={name}", "training.updates=6", "control=false", "scoring.bootstrap=200", *QUICK.get(name, []))
    cells = [replace(planted_cell(tmp_path / which, *words), generator=writer(voice)) for which in ("one", "two")]
    (model, one, scores), (_, two, again) = map(answers, cells)
    numbers = one.select_dtypes("number").columns
    assert len(one) == len(two) > 40 and len(numbers) > 0
    print(f"{name}: {(one[numbers] - two[numbers]).abs().max().max():.1e}")
    if model.training is None:
        pd.testing.assert_frame_equal(one, two, check_exact=True)
        assert scores == again
    else:
        pd.testing.assert_frame_equal(one, two, rtol=0, atol=TOLERANCE)
        assert scores == pytest.approx(again, abs=TOLERANCE)

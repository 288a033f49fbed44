"""What a steered model must not do, said before anything is built."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.aligned import AlignedModel
from alignbench.backend.vllm import VLLM
from alignbench.errors import AlignbenchError
from alignbench.runs.compare import contenders, score_of


def test_a_backend_without_activations_is_refused_by_name(make_cell) -> None:
    cell = make_cell("method=steering", "culture=iraq", "control=false")
    assert [row.kind for row in contenders(cell)] == ["base", "method", "method"]
    with pytest.raises(AlignbenchError, match=r"backend = 'VLLM'.*steering.*use backend=hf"):
        score_of(replace(cell, backend=VLLM()))
    assert not cell.store.root.exists()


def test_a_model_is_trained_or_steered_and_its_prompted_base_is_neither(make_cell) -> None:
    cell = make_cell("method=steering", "culture=iraq", "control=false")
    steered = cell.method.align(cell.context(cell.culture))
    assert steered.learnt is steered.steering and steered.prompted_base == AlignedModel(cell.model, notes=steered.notes)
    with pytest.raises(AlignbenchError, match="steer it, or train it"):
        replace(steered, training=steered.steering)

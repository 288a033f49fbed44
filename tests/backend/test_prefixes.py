"""Interviews on the engine: a person's text runs once for all items, and no score changes by it."""

from __future__ import annotations

import pandas as pd
import pytest

from alignbench.aligned import ModelSession
from alignbench.backend import architecture, forward
from alignbench.backend.hf import HF
from alignbench.evaluation.ask import Orders
from alignbench.evaluation.survey import Scoring
from alignbench.protocols.interviews import interview
from alignbench.types import PromptPolicy

from ..evaluation.worlds import item

ITEMS = [item(f"Q{number}", 3 + number % 2) for number in range(5)]
KNOBS = Scoring(orders=Orders.forward, chunk=10)
PEOPLE = [
    f"You live in a village. You are a {who} with little schooling." for who in ("woman of 44", "man of 19", "clerk")
]


def asked(engine, adapter, folder):
    folder.mkdir()
    interview(ModelSession(engine, adapter, PromptPolicy()), PEOPLE, ITEMS, KNOBS.asking, folder, KNOBS.chunk)
    return pd.read_parquet(folder).sort_values(["respondent", "item", "position"], ignore_index=True)


@pytest.mark.parametrize("adapted", [False, True])
def test_sharing_changes_no_score(blank, adapter, adapted, tmp_path, monkeypatch):
    weights = adapter if adapted else None
    shared = asked(HF(device="cpu").open(blank), weights, tmp_path / "shared")
    monkeypatch.setattr(architecture, "remembers_tokens", lambda _: False)
    apart = asked(HF(device="cpu").open(blank), weights, tmp_path / "apart")
    pd.testing.assert_frame_equal(shared, apart, check_exact=False, atol=1e-4, rtol=0)


def test_the_text_of_a_person_goes_through_the_network_once(blank, tmp_path, monkeypatch):
    engine = HF(device="cpu").open(blank)
    seen: list[tuple[int, ...]] = []
    real = forward.padded

    def watched(rows, device, pad=0):
        seen.extend(rows)
        return real(rows, device, pad)

    monkeypatch.setattr(forward, "padded", watched)
    asked(engine, None, tmp_path / "table")
    words = [tuple(engine.renderer.tokenizer(text, add_special_tokens=False).input_ids)[4:-2] for text in PEOPLE]
    holds = [[any(row[i : i + len(w)] == w for i in range(len(row))) for row in seen] for w in words]
    assert [sum(rows) for rows in holds] == [1, 1, 1]
    assert engine.usage.prompt_tokens == sum(map(len, seen))


def test_prefixes_of_one_forward_are_of_like_length_within_the_budget():
    from alignbench.backend.batches import PrefixGroup, waves

    groups = [PrefixGroup(length, ()) for length in (100, 90, 40, 30, 30, 0)]
    assert [[g.prefix for g in wave] for wave in waves(groups, 200)] == [[100, 90], [40, 30, 30], [0]]
    assert [[g.prefix for g in wave] for wave in waves(groups, 80)] == [[100], [90], [40, 30], [30], [0]]

"""A synthetic set as others find it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from alignbench.errors import AlignbenchError
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally

_ROWS = pd.DataFrame({"question": ["Why?", "How: so?"], "answer": ["It is.", "Thus, 50 % of it."]})
_ABOUT = DatasetCard(
    title="Questions: a test",
    method="none",
    country="Iraq",
    steps=("Questions were written.", "Answers were written."),
    generator="blank",
    critic=None,
    sources=("Our own words.",),
    columns={"question": "what is asked", "answer": "what is said"},
)


def _tally() -> Tally:
    tally = Tally("answers")
    tally.keep(2)
    tally.drop("empty")
    return tally


def test_datasets_loads_the_folder_and_the_card_tells_the_counts(tmp_path: Path) -> None:
    from datasets import load_dataset

    write_set(tmp_path / "set", _ROWS, _ABOUT, [_tally()])

    loaded = load_dataset(str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.to_pandas().equals(_ROWS)
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "| answers | 3 | 2 | 1 empty |" in card
    assert "Written by: blank. Judged by: nobody." in card
    rows, tallies = read_set(tmp_path / "set")
    assert rows.equals(_ROWS)
    assert tallies == [_tally()]


def test_a_column_without_explanation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlignbenchError, match="explain each of answer, question"):
        write_set(tmp_path, _ROWS, replace(_ABOUT, columns={"question": "what is asked"}), [])

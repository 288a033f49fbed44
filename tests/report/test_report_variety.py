from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alignbench.evaluation.statistics import Bootstrap
from alignbench.report.index import write_index
from alignbench.report.record import CellRecord, ItemRecord
from alignbench.report.variants import variants
from alignbench.report.variety import markdown, varieties

BOOT = Bootstrap(100)
PEOPLE = {"iraq": (0.7, 0.2, 0.1), "china": (0.1, 0.2, 0.7)}
OPTIONS = ("A", "B", "C")


def cell(record: CellRecord, culture: str, own: tuple[float, ...], seed: int = 0, scale: str = "ordinal") -> CellRecord:
    """The record in another culture: the base answers evenly, the method ``own``."""
    flat = (1 / 3, 1 / 3, 1 / 3)
    items = tuple(
        ItemRecord(f"Q{k}", f"b{k % 3}", "?", OPTIONS, PEOPLE[culture], {"base": flat, "culturerl": own}, {}, scale)
        for k in range(6)
    )
    facts = replace(record.cell, culture=culture, country=culture.title(), seed=seed)
    return replace(record, cell=facts, items=items, rows=record.rows[:2])


def test_people_copied_are_as_varied_as_people(record: CellRecord) -> None:
    base, own = varieties([cell(record, name, shares) for name, shares in PEOPLE.items()], BOOT)
    assert (own.label, own.cultures, own.items) == ("culturerl", ("iraq", "china"), 6)
    assert own.diversity.value == pytest.approx(own.people_diversity)
    assert own.majority == pytest.approx(own.people_majority) == pytest.approx(0.7)
    assert own.options == pytest.approx(own.people_options) and own.differentiation == pytest.approx(1)
    assert base.differentiation == 0 and base.majority == pytest.approx(1 / 3)
    # Two even answers on three options are 4/9 apart: (2 x 1 + 4 x 1/2) / 9.
    assert base.diversity.value == pytest.approx(4 / 9)


def test_one_answer_for_all_is_flat_and_the_opposite_ends_a_caricature(record: CellRecord) -> None:
    one = (1.0, 0.0, 0.0)
    flat = varieties([cell(record, name, one) for name in PEOPLE], BOOT)[1]
    assert (flat.diversity.value, flat.options, flat.differentiation) == (0, 1, 0)
    ends = varieties([cell(record, "iraq", one), cell(record, "china", one[::-1])], BOOT)[1]
    assert ends.diversity.value == 1 and ends.differentiation > 1 and ends.majority == 1


def test_seeds_are_averaged_and_single_cultures_left_out(record: CellRecord) -> None:
    iraq = [cell(record, "iraq", own, seed) for seed, own in enumerate([(1.0, 0.0, 0.0), (0.4, 0.4, 0.2)])]
    assert varieties(iraq, BOOT) == []
    both = varieties([*iraq, cell(record, "china", PEOPLE["china"])], BOOT)[1]
    assert both.majority == pytest.approx(0.7)


def test_nominal_items_have_no_differentiation(record: CellRecord) -> None:
    own = varieties([cell(record, name, shares, scale="nominal") for name, shares in PEOPLE.items()], BOOT)[1]
    assert np.isnan(own.differentiation)
    same = sum(a * b for a, b in zip(*PEOPLE.values(), strict=True))
    assert own.people_diversity == pytest.approx(1 - same)


def test_recipes_of_one_method_are_told_apart(record: CellRecord) -> None:
    cells = [cell(record, name, shares) for name, shares in PEOPLE.items()]
    others = [replace(c, cell=replace(c.cell, labels={"reward": "verdict"}, training="lora")) for c in cells]
    names = variants(c.cell for c in (*cells, *others))
    assert set(names.values()) == {"training=options, reward=log_ratio", "training=lora, reward=verdict"}
    assert set(variants(c.cell for c in cells).values()) == {""}
    labels = [v.label for v in varieties([*cells, *others], BOOT)]
    assert "culturerl, training=lora, reward=verdict" in labels and labels.count("base") == 1


def test_the_overview_shows_people_beside_models(record: CellRecord, tmp_path: Path) -> None:
    cells = [cell(record, name, shares) for name, shares in PEOPLE.items()]
    found = varieties(cells, BOOT)
    page = write_index({c.cell.culture: c for c in cells}, tmp_path, found).read_text(encoding="utf-8")
    text = (tmp_path / "cells.md").read_text(encoding="utf-8")
    assert markdown(found) in text and "0.700 (0.700)" in text
    assert "Variety between cultures" in page and "people 0.700" in page
    assert "Variety" not in write_index({"a": cells[0]}, tmp_path).read_text(encoding="utf-8")

"""Two cells or two stores, item by item; what cannot be compared is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from alignbench.errors import AlignbenchError
from alignbench.report.pairing import compared, print_pairs, write_pairs
from alignbench.words import parsed_words, spelt_out
from tests.report.cells import cell

ONE, OTHER, CHINESE = "culturerl-iraq-nano-s0", "weaker-iraq-nano-s0", "culturerl-china-nano-s0"


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    store = tmp_path_factory.mktemp("pairs") / "store"
    cell(store, "culturerl", "iraq", gain=0.8)
    cell(store, "weaker", "iraq", gain=0.3)
    cell(store, "culturerl", "china", gain=0.8)
    return store


def test_two_cells_are_paired_by_item_and_the_largest_change_comes_first(store: Path, tmp_path: Path, capsys) -> None:
    (pair,) = compared(ONE, OTHER, store)
    moved = pair.items["difference"]
    assert moved.mean() == pytest.approx(pair.difference.value) and pair.difference.high < 0
    assert moved.abs().is_monotonic_decreasing and (pair.items["second"] - pair.items["first"]).equals(moved)
    print_pairs([pair], 3)
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 8 and max(map(len, shown)) <= 80 and pair.items["item"][0] in shown[5]
    path = write_pairs([pair], tmp_path)
    assert len(pd.read_csv(path)) == len(pair.items) and path.name == f"compare-{ONE}-{OTHER}.csv"


def test_a_key_names_a_cell_too(store: Path) -> None:
    (pair,) = compared(ONE, OTHER, store)
    (same,) = compared(pair.first.stage.name[:10], OTHER, store)
    assert same.items.equals(pair.items)


def test_a_store_and_its_copy_do_not_differ(store: Path, tmp_path: Path, capsys) -> None:
    shutil.copytree(store, tmp_path / "copy")
    pairs = compared(str(store), str(tmp_path / "copy"), tmp_path)
    assert {pair.names[0] for pair in pairs} == {ONE, OTHER, CHINESE}
    assert all(pair.difference.value == 0 and not pair.items["difference"].any() for pair in pairs)
    print_pairs(pairs, 3)
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize(
    ("first", "second", "field", "words"),
    [
        ("", OTHER, "task.first", "name a cell"),
        ("culturrl-iraq-nano-s0", OTHER, "task.first", ONE),
        (ONE, "weaker-irak", "task.second", OTHER),
        (ONE, CHINESE, "task.second", "choose one culture"),
        (ONE, "STORE", "task.second", "two cells, or two folders"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_remedy(store: Path, first, second, field, words) -> None:
    with pytest.raises(AlignbenchError) as caught:
        compared(first, str(store) if second == "STORE" else second, store)
    assert caught.value.field == field and words in str(caught.value)


@pytest.mark.parametrize("name", ["culturerl-reward=verdict-iraq-nano-s0", "a b-iraq", "stores/one", "x,y-s0"])
def test_plain_words_after_compare_are_the_two_cells(name: str) -> None:
    words = spelt_out(["task=compare", name, "store=s", "other-iraq-nano-s0"])
    found = {override.key_or_group: override.value() for override in parsed_words(words).values()}
    assert found["task.first"] == name and found["task.second"] == "other-iraq-nano-s0" and found["store"] == "s"


def test_v_is_short_for_whole_tables() -> None:
    assert spelt_out(["-m", "-v", "seed=0,1"]) == ["-m", "task.verbose=true", "seed=0,1"]

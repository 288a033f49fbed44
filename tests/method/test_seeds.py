"""Seeds and the answers of countries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.data.published import published_set
from alignbench.errors import AlignbenchError
from alignbench.steps.seeds import Seeds, Typical, held, seeds_of, typical
from alignbench.types import Answers, Item, Scale

from .chains import aligned


@pytest.fixture
def train(make_cell):
    cell = make_cell("method=none")
    return cell.context(cell.culture).train


def item(scale: Scale) -> Item:
    count = 10 if scale is Scale.ten_point else 4
    levels = tuple(f"hold {k}" for k in range(count if count < 10 else 5))
    return Item("Q", "t", "b", scale, tuple(range(1, count + 1)), "c", "d", "q?", tuple("abcdefghij"[:count]), levels)


@pytest.mark.parametrize("method", ["culturellm", "culturepark"])
def test_of_the_papers_fifty_all_training_items_are_used_and_the_page_says_how_many(method, make_cell) -> None:
    """C8: the cap of the most varying ones, 24, held for these, too."""
    cell = make_cell(f"method={method}", "method.seeds=paper", "culture=iraq")
    train, authors = cell.context(cell.culture).train, published_set("culturellm").items
    seeds = seeds_of(train, cell.method.seeds, cell.method.count)
    assert {seed.id for seed in seeds} == authors & {i.id for i in train.items}
    assert (len(authors), len(seeds)) == (50, 39)
    assert any("39 of the authors' 50 items; the other 11 are held out" in note for note in aligned(cell).notes)
    with pytest.raises(AlignbenchError, match="most_varying or all"):
        seeds_of(replace(train, items=train.items[:1]), Seeds.paper, 100)


def test_seeds_are_the_same_for_all_countries_and_never_more_than_wanted(train) -> None:
    assert len(seeds_of(train, Seeds.most_varying, 12)) == 12
    assert seeds_of(train, Seeds.all, 12) == train.items


def test_an_item_that_was_not_asked_is_left_out_and_counted(train) -> None:
    # Elections were not asked about in China; the authors' table turned that into an answer.
    seeds = seeds_of(train, Seeds.paper, 100)
    missing = {seed.id for seed in seeds} - set(train.of("CHN"))
    assert missing >= {f"Q{n}" for n in range(224, 234)}

    known, tally = held(seeds, train, "CHN", Typical.mean)

    assert not missing & set(known) and len(known) + len(missing) == len(seeds)
    assert tally.dropped == {"not asked there": len(missing)} and tally.kept == len(known)
    with pytest.raises(AlignbenchError, match=r"method\.seeds.*not asked there"):
        held([seed for seed in seeds if seed.id in missing], train, "CHN", Typical.mode)


@pytest.mark.parametrize(
    ("shares", "mode", "median", "mean"), [((0.4, 0.1, 0.2, 0.3), 0, 1, 1), ((0, 0.5, 0.5, 0), 1, 1, 2)]
)
def test_the_typical_answer(shares, mode, median, mean) -> None:
    answers = Answers(shares)
    assert [typical(item(Scale.ordinal), answers, how) for how in Typical] == [mode, median, mean]
    assert {typical(item(Scale.nominal), answers, how) for how in Typical} == {mode}


def test_the_stance_says_what_the_label_means(train) -> None:
    known, _ = held(seeds_of(train, Seeds.all, 0), train, "IRQ", Typical.mode)
    for answer in known.values():
        shares = train.of("IRQ")[answer.item.id].shares
        assert shares[answer.position] == max(shares)
        assert answer.stance.statement == f"I {answer.item.predicates[answer.item.level(answer.position)]}."
        assert answer.stance.opposite not in (None, answer.stance.statement)

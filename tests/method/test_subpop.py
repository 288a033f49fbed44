"""SubPOP: who makes a group, how it is told, what is learnt of it, and what is refused."""

from __future__ import annotations

import pytest

from alignbench.data.people import Person
from alignbench.errors import AlignbenchError
from alignbench.method import subpop
from alignbench.steps.subpopulations import Telling, subpopulations
from alignbench.types import Scale, Split

from .chains import aligned, made

WORLD = ("method=subpop", "culture=iraq", "survey=world", "method.respondents=600")


@pytest.fixture
def trained(monkeypatch):
    """Rows and loss that the trainer was called with; nothing is trained."""
    calls = []
    monkeypatch.setattr(subpop, "train_on_options", lambda job, rows, loss: calls.append((rows, loss)) or {})
    return calls


def person(sex: str, age: int, answer: int | None, item: str) -> Person:
    return Person("", {} if answer is None else {item: answer}, {"gender": sex, "age": str(age), "education": "some"})


def test_groups_are_counted_by_one_trait_and_small_ones_left_out(make_cell) -> None:
    item = make_cell("survey=world").survey.items[0]
    people = [person("man", 20, 0, item.id), person("man", 34, 1, item.id), person("man", 80, None, item.id)]
    people += [person("woman", 35, 1, item.id), person("woman", 54, 1, item.id), person("other", 90, 0, item.id)]
    groups = subpopulations(people, [item], (35, 55), 2)
    ages = [("age", "0 to 34", 2), ("age", "35 to 54", 2), ("age", "55 and over", 2)]
    assert [(g.trait, g.value, g.people) for g in groups] == [("gender", "man", 3), ("gender", "woman", 2), *ages]
    empty = (0.0,) * (len(item.codes) - 2)
    assert groups[0].shares[item.id] == (0.5, 0.5, *empty) and groups[0].values == ("man", "woman")
    assert groups[1].shares[item.id] == (0.0, 1.0, *empty)
    # All have the same schooling, which divides nobody.
    assert subpopulations(people, [item], (), 6) == ()


def test_each_style_names_country_and_group(make_cell) -> None:
    groups = subpopulations([person("man", 20, 0, "q"), person("woman", 20, 0, "q")], [], (), 1)
    texts = {style: groups[1].told(style, "Iraq") for style in Telling}
    assert len(set(texts.values())) == 3 and all("Iraq" in text and "woman" in text for text in texts.values())
    assert "1. man\n2. woman\nAnswer: 2. woman" in texts[Telling.qa] and "My sex: woman." in texts[Telling.bio]


def test_every_group_learns_its_own_shares_in_every_style_and_is_asked_in_the_first(make_cell, trained) -> None:
    cell = make_cell(*WORLD, "method.styles=[bio,portray]", "method.without=[woman]")
    found = made(cell)
    ((rows, loss),) = trained
    assert loss is subpop.divergence_among_options
    people, _ = cell.context(cell.culture).people("IRQ", 600)
    groups = {g.value: g for g in subpopulations(people, cell.surveys[Split.train].items, (35, 55), 50)}
    told = {g.told(style, "Iraq"): g for g in groups.values() for style in (Telling.bio, Telling.portray)}
    assert found.model.policy.systems == tuple(g.told(Telling.bio, "Iraq") for g in groups.values())
    systems = {row.chat[0].content for row in rows}
    assert systems == {text for text, group in told.items() if group.value != "woman"}
    for row in rows:
        shares = told[row.chat[0].content].shares[row.item]
        assert row.target in (shares, shares[::-1])
    assert f"{len(groups)} groups" in found.model.notes[0]


def test_distances_are_learnt_on_items_with_an_order_alone(make_cell, trained) -> None:
    found = made(make_cell(*WORLD, "method.loss=wasserstein"))
    ((_, loss),) = trained
    assert loss is subpop.wasserstein_among_options
    assert all(item.scale is not Scale.nominal for item in found.model.training.items)


def test_shares_of_a_country_are_no_respondents(make_cell) -> None:
    with pytest.raises(AlignbenchError, match="survey=wvs7_official with your download, or survey=world"):
        make_cell("method=subpop", "culture=iraq")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("method.without=[baker]",), "the groups are man, woman, 0 to 34"),
        (("method.least=601",), "lower it"),
        (("method.ages=[55,35]",), "ascending"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_loaded(words, said, make_cell) -> None:
    with pytest.raises(AlignbenchError, match=said):
        make_cell(*WORLD, *words)


def test_another_band_or_style_is_another_training(make_cell) -> None:
    recipes = {
        aligned(make_cell(*WORLD, *words)).training.recipe
        for words in ((), ("method.ages=[40]",), ("method.styles=[bio]",), ("method.loss=wasserstein",))
    }
    assert len(recipes) == 4

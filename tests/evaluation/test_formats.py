from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Labels, Orders, Style
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.items import BoardEntry, format_scores, mean_over_seeds
from alignbench.evaluation.score import score_items, uniform
from alignbench.evaluation.survey import Scoring, distributions, respond
from alignbench.identity import canonical
from alignbench.types import Scale

from .worlds import Entry, TableEngine, board, item, opened, survey

ITEMS = [item(f"Q{i}", 4, f"b{i // 2}") for i in range(12)]
RNG = np.random.default_rng(4)
WORLD = survey(ITEMS, {"IRQ": {i.id: RNG.dirichlet(np.ones(4)) for i in ITEMS}})
KNOBS = Scoring(bootstrap=50)


def spread(scores: dict[str, float]) -> float:
    return BoardEntry("a", "method", [], formats=scores).format_spread


def first_listed(chat, options):
    """A model that looks at the place of an option alone."""
    return [-0.5 * k for k in range(len(options))]


def asked(folder: Path, knobs: Scoring = KNOBS, systems: tuple[str | None, ...] = (None,)):
    folder.mkdir()
    return respond(opened(TableEngine(first_listed), *systems), ITEMS, knobs.asking, folder)


def test_each_order_is_scored_alone_and_their_half_range_is_the_spread(tmp_path: Path) -> None:
    frame = asked(tmp_path / "r")
    scores = format_scores({"": frame}, WORLD, "IRQ", KNOBS)
    weights = np.exp(-0.5 * np.arange(4))
    listed = {i.id: weights / weights.sum() for i in ITEMS}
    turned = {name: shares[::-1] for name, shares in listed.items()}
    assert scores == pytest.approx(
        {
            "forward": score_items(listed, None, WORLD, "IRQ", KNOBS)["js"].mean(),
            "reversed": score_items(turned, None, WORLD, "IRQ", KNOBS)["js"].mean(),
        }
    )
    assert spread(scores) == pytest.approx(abs(scores["forward"] - scores["reversed"]) / 2)


def test_system_texts_are_averaged_within_a_format(tmp_path: Path) -> None:
    frame = asked(tmp_path / "r", systems=("one", "two", "three", "four"))
    assert set(format_scores({"": frame}, WORLD, "IRQ", KNOBS)) == {"forward", "reversed"}


def test_one_format_has_no_spread_and_equal_ones_have_none() -> None:
    assert math.isnan(spread({"forward": 0.8})) and math.isnan(spread({}))
    assert spread({"forward": 0.8, "reversed": 0.8}) == 0
    assert spread({"a": 0.7, "b": 0.9, "c": 0.8}) == pytest.approx(0.1)


def test_seeds_are_averaged_over_the_formats_that_all_have() -> None:
    assert mean_over_seeds([{"a": 0.8, "b": 0.6}, {"a": 0.9}]) == {"a": pytest.approx(0.85)}
    assert mean_over_seeds([]) == {}


def test_a_gain_within_the_spread_of_either_is_not_separable() -> None:
    flat = uniform(WORLD, "IRQ")
    own = {name: 0.7 * shares + 0.3 * np.asarray(WORLD.of("IRQ")[name].shares) for name, shares in flat.items()}

    def flagged(base_spread: float, own_spread: float | None) -> bool | None:
        formats = [{} if own_spread is None else {"forward": 0.8, "reversed": 0.8 + 2 * own_spread}]
        rows = board(
            [
                Entry("base", "base", [flat], "k", formats=[{"a": 0.8, "b": 0.8 + 2 * base_spread}]),
                Entry("own", "method", [own], "k", method="own", formats=formats),
            ],
            WORLD,
            "IRQ",
            KNOBS,
        )
        assert rows[0].separable is None and rows[0].format_spread == pytest.approx(base_spread)
        return rows[1].separable

    gain = (
        score_items(own, None, WORLD, "IRQ", KNOBS)["js"].mean()
        - score_items(flat, None, WORLD, "IRQ", KNOBS)["js"].mean()
    )
    assert [flagged(0.9 * gain, 0.5 * gain), flagged(1.1 * gain, 0.0), flagged(0.0, 1.1 * gain)] == [True, False, False]
    assert flagged(0.0, None) is None


def test_further_forms_change_labels_and_frame_and_leave_the_main_form_alone() -> None:
    knobs = Scoring(formats=("letters", "reworded"))
    letters, reworded = knobs.forms.values()
    assert canonical(knobs.asking) == canonical(Scoring().asking)
    assert letters.asking.labels is Labels.letters and reworded.asking.style is Style.reworded
    assert canonical(reworded.asking) != canonical(knobs.asking) and letters.forms == {}
    with pytest.raises(AlignbenchError, match=r"scoring\.formats"):
        Scoring(formats=("backwards",))
    with pytest.raises(AlignbenchError, match="main form"):
        Scoring(labels=Labels.letters, formats=("letters",))


@pytest.mark.parametrize("elicit", list(Elicit))
def test_the_other_frame_holds_the_same_question_and_options(elicit: Elicit) -> None:
    ladder = item("Q9", 10, scale=Scale.ten_point)
    for one in (ITEMS[0], ladder):
        plain, framed = (
            Scoring(elicit=elicit, orders=Orders.both, style=style).asking.prompt(one, 0, "forward", None)
            for style in (Style.full, Style.reworded)
        )
        text = framed.request.chat[-1].content
        assert framed.request.options == plain.request.options and one.question in text
        assert text != plain.request.chat[-1].content
        assert all(option in text for option in (one.poles or one.options))
        assert (framed.prior is None) == (plain.prior is None)
    with pytest.raises(AlignbenchError, match="English only"):
        Asking(style=Style.reworded).prompt(ITEMS[0], 0, "forward", None, "ar")


def test_a_form_with_other_labels_gives_the_same_distribution_of_a_blind_model(tmp_path: Path) -> None:
    knobs = Scoring(formats=("letters",))
    main, letters = asked(tmp_path / "a", knobs), asked(tmp_path / "b", knobs.forms["letters"])
    ours, theirs = distributions(main, ITEMS), distributions(letters, ITEMS)
    assert all(np.allclose(ours[i.id], theirs[i.id]) for i in ITEMS)
    assert set(format_scores({"": main, "letters": letters}, WORLD, "IRQ", knobs)) == {
        "forward",
        "reversed",
        "letters forward",
        "letters reversed",
    }

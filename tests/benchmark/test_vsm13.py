from __future__ import annotations

import math

import numpy as np
import pytest

from alignbench.benchmark import Reply
from alignbench.benchmark.ask import ask
from alignbench.benchmark.spoken import Reading
from alignbench.benchmark.vsm13 import Codeless, Vsm13, published
from alignbench.errors import AlignbenchError
from alignbench.evaluation.ask import Asking, Labels
from alignbench.evaluation.measures.hofstede import IndexWeights
from alignbench.identity import canonical, identity
from alignbench.types import Culture, Sampling
from tests.evaluation.worlds import opened

from .speaking import IRAN, KOREA, Speaker, logs, value

IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "iran")


def replies(culture: Culture, **answers: int) -> list[Reply]:
    """Everyone says 3, but for the codes given."""
    return [Reply(q, tuple(np.eye(5)[answers.get(q.item.id, 3) - 1].tolist())) for q in Vsm13().questions(culture)]


def test_the_24_questions_in_the_order_of_the_module() -> None:
    items = [q.item for q in Vsm13().questions(KOREA)]
    assert [item.id for item in items] == [f"m{i:02d}" for i in range(1, 25)]
    assert all(item.codes == (1, 2, 3, 4, 5) for item in items)
    by_id = {item.id: item for item in items}
    # m20 is the one frequency that grows with its code, unlike m15 to m17.
    assert by_id["m20"].options[0] == by_id["m15"].options[-1] == "Never"


def test_indices_by_the_official_weights() -> None:
    table = Vsm13().score(replies(KOREA, m07=5, m02=4, m20=1, m08=5, m12=2))
    assert value(table, "PDI") == 50 + 35 * (5 - 4) + 25 * (1 - 3)
    assert value(table, "MAS") == 50 + 35 * (5 - 3)  # 25 in CulturePark's code
    assert value(table, "IVR") == 50 + 35 * (2 - 3)
    assert [value(table, d) for d in ("IDV", "UAI", "LTO")] == [50, 50, 50]
    assert value(table, "mean_answer", "m07") == 5
    assert value(table, "PDI_gap") == abs(35 - 60)


def test_distance_to_the_published_country() -> None:
    table = Vsm13().score(replies(KOREA))
    expected = math.dist([50] * 6, [60, 18, 39, 85, 100, 29])
    assert value(table, "vsm13_distance") == pytest.approx(expected)
    assert value(table, "vsm13_distance_midpoint") == pytest.approx(expected)
    assert value(table, "vsm13_distance_per_dimension") == pytest.approx(expected / math.sqrt(6))


def test_dimensions_that_are_not_published_are_left_out() -> None:
    table = Vsm13().score(replies(IRAQ))
    assert value(table, "vsm13_distance") == pytest.approx(math.dist([50, 50], [25, 17]))
    assert value(table, "dimensions_published") == 2
    assert "PDI_gap" not in set(table["metric"])


def test_a_mean_answer_is_the_expected_code_over_both_orders() -> None:
    knobs = Vsm13()
    engine = Speaker(lambda chat, options: logs([0.6, 0.1, 0.1, 0.1, 0.1]))  # likes what is listed first
    table = knobs.score(ask(opened(engine), knobs, knobs.questions(KOREA)))
    assert value(table, "mean_answer", "m01") == pytest.approx(3)


def spoken(say, **knobs):
    knobs = Vsm13(reading=Reading.words, **knobs)
    engine = Speaker(lambda chat, options: logs([1, 0, 0, 0, 0]), say)
    asked = ask(opened(engine), knobs, knobs.questions(KOREA), Asking(labels=Labels.letters))
    return knobs.score(asked), engine


def test_read_in_words_the_first_digit_counts_whatever_labels_the_survey_has() -> None:
    table, engine = spoken(lambda chat: "I would say 4, not 2." if len(chat[-1].content) % 2 else "2")
    first = engine.heard[0][-1].content
    assert len(engine.heard) == 24 and "1. " in first and "A. " not in first
    means = table[table["metric"] == "mean_answer"]["value"]
    assert set(means) == {2, 4} and value(table, "unread_share", country="KOR") == 0
    assert engine.sampled == [Sampling(128, 0.76, 0.9)]


@pytest.mark.parametrize(("unread", "uai"), [(Codeless.left_out, None), (Codeless.ten, 50 + 40 * (10 - 3))])
def test_a_reply_that_cannot_be_read_leaves_its_dimension_out_or_wrecks_it_as_published(unread, uai) -> None:
    asked = next(q.item.question for q in Vsm13().questions(KOREA) if q.item.id == "m18")
    table, _ = spoken(lambda chat: "It depends." if asked in chat[-1].content else "3", unread=unread)
    assert value(table, "unread_share", country="KOR") == pytest.approx(1 / 24)
    left = [50] * 5 if uai is None else [50, 50, 50, uai, 50, 50]
    truth = [60, 18, 39, 100, 29] if uai is None else [60, 18, 39, 85, 100, 29]
    assert value(table, "vsm13_distance") == pytest.approx(math.dist(left, truth))
    assert (uai is None) is ("UAI" not in set(table["metric"]))


def test_the_authors_weights_are_a_knob_and_named() -> None:
    theirs = Vsm13(weights=IndexWeights.culturepark)
    assert value(theirs.score(replies(KOREA, m08=5)), "MAS") == 50 + 25 * 2
    assert value(Vsm13().score(replies(KOREA, m08=5)), "MAS") == 50 + 35 * 2
    assert "25 for 35" in " ".join(theirs.provenance.assumptions)


def test_several_countries_are_ranked() -> None:
    table = Vsm13().score([*replies(KOREA, m07=5), *replies(IRAN)])
    assert value(table, "PDI_tau", country="all") == 1  # Korea 60 above Iran 58, here as there
    assert "IDV_tau" not in set(table["metric"])  # all alike
    assert value(table, "PDI", country="KOR") == 120


def test_the_table_holds_the_published_figures() -> None:
    assert published()["USA"].tolist() == [40, 91, 62, 46, 26, 68]
    assert np.isnan(published()["SAU"]).tolist() == [True] * 4 + [False] * 2
    assert Vsm13().questions(Culture("bolivia", "Bolivia", "BOL", "Bolivian", "es", "x")) == []


def test_an_unanswered_question_is_refused() -> None:
    with pytest.raises(AlignbenchError, match="m24"):
        Vsm13().score(replies(KOREA)[:-1])


def test_wording_and_constant_are_part_of_the_identity() -> None:
    assert identity(Vsm13())["data"] == Vsm13().fingerprint
    assert canonical(Vsm13()) != canonical(Vsm13(constant=0.0)) != canonical(Vsm13(weights=IndexWeights.culturepark))


@pytest.mark.parametrize("knob", [{"temperature": 0.1}, {"sample": 1}, {"unread": Codeless.ten}])
def test_what_only_replies_in_words_read_is_in_no_key_without_them(knob) -> None:
    words = {"reading": Reading.words}
    assert canonical(Vsm13(**knob)) == canonical(Vsm13())
    assert canonical(Vsm13(**words, **knob)) != canonical(Vsm13(**words))

"""Where the truth is known, every method must move the model the way that its idea says."""

from __future__ import annotations

import pytest

from alignbench.evaluation.board import UNIFORM
from alignbench.record.cell import CellRecord
from alignbench.record.finished import finished
from alignbench.report.board import read
from alignbench.report.board.panels import sections
from alignbench.report.verdict import Finding, verdict
from alignbench.runs.compare import compare
from tests.planted.conftest import row

pytestmark = pytest.mark.long


def gain(record: CellRecord) -> tuple[float, float]:
    """Difference to the base and its lower bound."""
    assert record.aligned is not None and record.aligned.difference is not None
    return record.aligned.difference, record.aligned.difference_low or 0.0


@pytest.fixture(scope="module")
def survey_sft(planted) -> CellRecord:
    return planted("method=survey_sft", "others=[brazil]")


def test_the_base_answers_like_the_text_that_names_no_country(planted) -> None:
    far, near = planted("method=none", "control=false"), planted("method=none", "culture=usa", "control=false")
    assert row(near, "base").score > 0.95 > row(far, "base").score + 0.2
    assert row(far, "base").score < row(far, UNIFORM).score
    assert row(far, "base").option_mass > 0.99


@pytest.mark.parametrize("culture", ["iraq", "china", "bangladesh", "brazil"])
def test_a_prompt_that_names_the_country_brings_the_country(planted, culture) -> None:
    record = planted("method=cultural_prompt", f"culture={culture}", "control=false")
    change, _ = gain(record)
    assert record.aligned.score > 0.95 and change > 0.08
    assert record.aligned.low > record.base.score


def test_another_country_in_the_prompt_is_another_country(planted) -> None:
    record = planted("method=cultural_prompt")
    assert record.control.score < record.aligned.score - 0.1 and record.control.difference_low > 0
    assert record.aligned.specificity > 0.1 and record.aligned.specificity_low > 0


def test_survey_sft_carries_over_to_held_out_batteries_and_is_specific(survey_sft) -> None:
    change, low = gain(survey_sft)
    assert change > 0.2 and low > 0
    assert survey_sft.control.difference > 0.1 and survey_sft.control.difference_low > 0
    assert survey_sft.aligned.specificity > 0.05 and survey_sft.aligned.specificity_low > 0


def test_survey_dpo_brings_the_country_as_its_shares_do(planted, survey_sft) -> None:
    record = planted("method=survey_dpo")
    change, low = gain(record)
    assert change > 0.15 and low > 0
    assert abs(change - gain(survey_sft)[0]) < 0.1, "both have the people's distribution as their optimum"
    assert record.aligned.specificity_low > 0


def test_gdpo_brings_the_country_with_its_variety(planted, survey_sft) -> None:
    record = planted("method=gdpo", "method.rate=1")
    change, low = gain(record)
    assert change > 0.15 and low > 0 and abs(change - gain(survey_sft)[0]) < 0.1
    assert record.aligned.specificity_low > 0
    assert record.aligned.entropy_model > record.aligned.entropy_survey


def test_norms_told_as_sentences_bring_nothing_that_the_survey_does_not(planted) -> None:
    told = ("method=narrative_sft", "method.narratives=encyclopaedic", "method.writer=statements")
    whole, alone = planted(*told), planted(*told, "method.survey=false", "control=false")
    change, low = gain(whole)
    assert change > 0.15 and low > 0 and whole.aligned.specificity_low > 0
    assert abs(gain(alone)[0]) < 0.05, "nano does not answer by what it has read of a country that is not named"


def test_survey_dpo_goes_past_the_people_where_beta_is_small(planted) -> None:
    words = ("method=survey_dpo", "training.updates=60", "control=false")
    even, small = planted(*words), planted(*words, "method.beta=0.1")
    assert even.aligned.entropy_model > even.aligned.entropy_survey > small.aligned.entropy_model + 0.2
    assert even.aligned.score > small.aligned.score + 0.1


def test_a_training_that_learns_nothing_is_told_from_the_words_that_it_comes_with(planted) -> None:
    idle = ("training.updates=1", "training.learning_rate=1e-12")
    record = planted("method=culturellm", "method.variant=seed_only", *idle)
    own, prompted = record.aligned, record.prompted
    assert own.plain > 0.2 and own.plain_low > 0 and prompted.difference == pytest.approx(own.plain, abs=1e-4)
    assert own.difference_low <= 0 <= own.difference_high and abs(own.difference) < 1e-4
    assert own.specificity_low <= 0 <= own.specificity_high and abs(own.specificity) < 1e-4
    assert record.control.difference > 0.1, "own minus cross is the words alone"
    judged = verdict(record)
    assert judged.finding is Finding.nothing and "nothing learnt beyond the prompt" in judged.headline


def test_specificity_over_all_pairs_is_what_was_learnt_of_the_own_people(planted_cell, tmp_path) -> None:
    idle = ("method=culturellm", "method.variant=seed_only", "training.updates=1", "training.learning_rate=1e-12")
    for culture in ("iraq", "china"):
        for words in (("method=survey_sft",), idle):
            compare(planted_cell(tmp_path, f"culture={culture}", "control=false", *words))
    store = tmp_path / "store"
    (section,) = sections(read(finished(store), store, tmp_path))
    (panel,) = section.panels
    learnt, nothing = sorted(panel.specificities, key=lambda one: -one.found.value)
    assert learnt.label.startswith("survey_sft") and learnt.found.value > 0.05 and learnt.found.low > 0
    assert learnt.found.pairs == 1 and learnt.p_value < 0.05
    assert nothing.prompted and abs(nothing.found.value) < 1e-4 and nothing.found.low <= 0 <= nothing.found.high


def test_culturespa_brings_out_unprompted_what_the_country_in_the_prompt_changes(planted) -> None:
    words = ("method=culturespa", "method.generated=0", "method.told=never", "method.passes=20", "control=false")
    record = planted(*words)
    change, low = gain(record)
    assert change > 0.1 and low > 0 and record.prompted is None


def test_what_training_damages_elsewhere_is_seen(survey_sft) -> None:
    (brazil,) = survey_sft.elsewhere
    assert brazil.before > 0.95 and brazil.difference < -0.02


def test_norms_as_a_reward_for_the_distribution_help_and_are_specific(planted) -> None:
    record = planted("method=survey_rl")
    change, low = gain(record)
    assert change > 0.15 and low > 0
    assert record.control.difference > 0.05 and record.control.difference_low > 0
    assert record.aligned.entropy_model > 0.4


def test_a_majority_reward_collapses_onto_one_answer(planted) -> None:
    last = ("method=survey_rl", "control=false")
    spread, peaked = (planted(*last, f"method.reward={reward}") for reward in ("support", "verdict"))
    assert peaked.aligned.entropy_model < spread.aligned.entropy_model - 0.2
    assert peaked.aligned.entropy_model < peaked.aligned.entropy_survey - 0.2


def test_the_page_begins_with_the_warning(planted) -> None:
    assert "generated world" in planted("method=none", "control=false").warning

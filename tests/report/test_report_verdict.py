from collections.abc import Callable
from dataclasses import replace

import pytest

from alignbench.record.cell import CellRecord
from alignbench.report.verdict import Finding, verdict

CASES = [
    ((0.095, 0.066, 0.124), (0.060, 0.030, 0.090), Finding.specific, "specific to the culture"),
    ((0.095, 0.066, 0.124), (0.021, 0.007, 0.035), Finding.mixed, "a smaller part is specific"),
    ((0.095, 0.066, 0.124), (0.004, -0.010, 0.019), Finding.shared, "most of the gain is shared with the control"),
    ((0.095, 0.066, 0.124), (-0.030, -0.050, -0.010), Finding.shared, "most of the gain is shared with the control"),
    ((0.095, 0.066, 0.124), (0.060, -0.010, 0.130), Finding.gain, "stays open"),
    ((0.095, 0.066, 0.124), None, Finding.gain, "no control"),
    ((0.010, -0.004, 0.020), (0.008, 0.001, 0.012), Finding.unclear, "no clear change, though it fits the two"),
    ((0.010, -0.004, 0.020), (0.008, -0.001, 0.012), Finding.unclear, "no clear change ("),
    ((0.095, None, None), None, Finding.unclear, "no clear change"),
    ((-0.052, -0.080, -0.020), (0.0, -0.1, 0.1), Finding.loss, "away from Iraq"),
]


@pytest.mark.parametrize(("own", "specific", "finding", "words"), CASES)
def test_finding(with_rows: Callable[..., CellRecord], own, specific, finding, words) -> None:  # type: ignore[no-untyped-def]
    judged = verdict(with_rows(own, specific))
    assert judged.finding is finding
    assert words in judged.sentence


def test_sentence_carries_the_intervals(with_rows: Callable[..., CellRecord]) -> None:
    sentence = verdict(with_rows((0.095, 0.066, 0.124), (0.004, -0.010, 0.019))).sentence
    assert "+0.095 [0.066, 0.124] against the base model" in sentence
    assert "specificity +0.004 [−0.010, 0.019]" in sentence


@pytest.mark.parametrize(
    ("own", "specific", "finding"),
    [
        ((0.01, -0.02, 0.03), (0.002, -0.01, 0.02), Finding.nothing),
        ((0.0, 0.0, 0.0), None, Finding.nothing),
        ((0.01, -0.02, 0.03), (0.02, 0.01, 0.03), Finding.unclear),
        ((0.05, 0.02, 0.08), (0.04, 0.01, 0.06), Finding.specific),
        ((-0.05, -0.08, -0.02), (0.0, -0.01, 0.01), Finding.loss),
    ],
)
def test_with_words_the_weights_must_add_to_what_the_words_bring(with_rows, own, specific, finding) -> None:  # type: ignore[no-untyped-def]
    judged = verdict(with_rows(own, specific, prompted=True))
    assert judged.finding is finding
    assert ("culturerl: nothing learnt beyond the prompt" in judged.headline) == (finding is Finding.nothing)
    assert (
        "against the base given the same prompt, +0.300 [0.200, 0.400] against the unprompted base" in judged.evidence
    )


@pytest.mark.parametrize(
    ("rivals", "words"),
    [
        ({"cultural_prompt": 0.982}, ", but the country prompt does better: 0.982 against 0.931"),
        ({"cultural_prompt": 0.9312}, ", but the country prompt does as well: 0.931 against 0.931"),
        ({"cultural_prompt": 0.94, "persona": 0.99}, "the country prompt does better: 0.940"),
        ({"cultural_prompt": 0.90, "persona": 0.99}, "persona does better: 0.990"),
        ({"cultural_prompt": 0.90}, None),
    ],
)
def test_the_headline_names_the_plainest_rival_that_does_as_well(with_rows, rivals, words) -> None:  # type: ignore[no-untyped-def]
    headline = verdict(with_rows((0.095, 0.066, 0.124), (0.06, 0.03, 0.09), rivals=rivals)).headline
    assert words in headline if words else "does" not in headline


def test_what_could_have_been_detected_is_said_first(with_rows: Callable[..., CellRecord]) -> None:
    known = {"detectable": 0.0402, "specificity_detectable": 0.018}
    sentence = verdict(with_rows((0.095, 0.066, 0.124), (0.06, 0.03, 0.09), **known)).sentence
    assert sentence.startswith(
        "Minimum detectable effect: a difference of 0.040 and a specificity of 0.018. culturerl "
    )


def test_base_alone_is_no_comparison(record: CellRecord) -> None:
    assert verdict(replace(record, rows=record.rows[:1])).finding is Finding.none


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"skill": -0.2}, "below uniform"),
        ({"entropy_model": 0.2, "entropy_survey": 0.7}, "one-sided"),
        ({"option_mass": 0.1}, "answer format"),
        ({"unread": 0.05}, "Replies could not be read (5.0% of culturerl): they are left out"),
        ({"seeds": 1}, "One seed"),
        ({"note": "only 3 batteries"}, "culturerl: only 3 batteries."),
    ],
)
def test_caveats(with_rows: Callable[..., CellRecord], facts: dict[str, object], words: str) -> None:
    quiet = {"skill": 0.5, "option_mass": 0.9, "seeds": 3, "unread": 0.04}
    gained = (0.095, 0.066, 0.124)
    assert not any(words in c for c in verdict(with_rows(gained, **quiet)).caveats)
    assert any(words in c for c in verdict(with_rows(gained, **(quiet | facts))).caveats)


def test_a_base_model_that_does_not_answer_is_said(record: CellRecord) -> None:
    def caveats(mass: float) -> str:
        rows = tuple(replace(row, option_mass=mass) if row.kind == "base" else row for row in record.rows)
        return " ".join(verdict(replace(record, rows=rows)).caveats)

    assert "Less than half of what the base model would say next is an option (option mass 0.090)" in caveats(0.09)
    assert "Less than half" not in caveats(0.6)

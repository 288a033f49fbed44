from collections.abc import Callable
from dataclasses import replace

import pytest

from alignbench.report.record import CellRecord
from alignbench.report.verdict import Finding, verdict

CASES = [
    ((0.095, 0.066, 0.124), (0.060, 0.030, 0.090), Finding.specific, "specific to the culture"),
    ((0.095, 0.066, 0.124), (0.021, 0.007, 0.035), Finding.mixed, "a smaller part is the culture"),
    ((0.095, 0.066, 0.124), (0.004, -0.010, 0.019), Finding.calibration, "Most of the gain is calibration"),
    ((0.095, 0.066, 0.124), (-0.030, -0.050, -0.010), Finding.calibration, "Most of the gain is calibration"),
    ((0.095, 0.066, 0.124), (0.060, -0.010, 0.130), Finding.gain, "stays open"),
    ((0.095, 0.066, 0.124), None, Finding.gain, "no control"),
    ((0.010, -0.004, 0.020), (0.008, 0.001, 0.012), Finding.unclear, "no clear change"),
    ((0.095, None, None), None, Finding.unclear, "no clear change"),
    ((-0.052, -0.080, -0.020), (0.0, -0.1, 0.1), Finding.loss, "away from Iraq"),
]


@pytest.mark.parametrize(("own", "cross", "finding", "words"), CASES)
def test_finding(with_rows: Callable[..., CellRecord], own, cross, finding, words) -> None:  # type: ignore[no-untyped-def]
    judged = verdict(with_rows(own, cross))
    assert judged.finding is finding
    assert words in judged.sentence


def test_sentence_carries_the_intervals(with_rows: Callable[..., CellRecord]) -> None:
    sentence = verdict(with_rows((0.095, 0.066, 0.124), (0.004, -0.010, 0.019))).sentence
    assert "+0.095 [0.066, 0.124] against the base model" in sentence
    assert "own minus cross +0.004 [−0.010, 0.019]" in sentence


def test_base_alone_is_no_comparison(record: CellRecord) -> None:
    assert verdict(replace(record, rows=record.rows[:1])).finding is Finding.none


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"skill": -0.2}, "below uniform"),
        ({"entropy_model": 0.2, "entropy_survey": 0.7}, "one-sided"),
        ({"option_mass": 0.1}, "answer format"),
        ({"seeds": 1}, "One seed"),
        ({"note": "only 3 batteries"}, "culturerl: only 3 batteries."),
    ],
)
def test_caveats(with_rows: Callable[..., CellRecord], facts: dict[str, object], words: str) -> None:
    quiet = {"skill": 0.5, "option_mass": 0.9, "seeds": 3}
    gained = (0.095, 0.066, 0.124)
    assert not any(words in c for c in verdict(with_rows(gained, **quiet)).caveats)
    assert any(words in c for c in verdict(with_rows(gained, **(quiet | facts))).caveats)

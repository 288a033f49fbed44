import numpy as np
import pytest

from alignbench.record.cell import CellRecord
from alignbench.report.figures import Axis, axis_of, change_bars, curve, interval_mark, running_mean, share_mark
from alignbench.report.numbers import change, interval, number, p_value, percent, signed


def test_axis_holds_all_values_between_round_ends() -> None:
    axis = axis_of([0.836, None, 0.994, float("nan"), 0.741])
    assert (axis.low, axis.high) == (0.7, 1.0)
    assert axis.place(0.85) == "50.00%"
    single = axis_of([0.9])
    assert single.low < single.high


def test_interval_mark_places_score_and_ends(record: CellRecord) -> None:
    mark = interval_mark(record.rows[0], Axis(0.8, 0.9), guide=0.85)
    assert 'cx="36.00%"' in mark and 'x1="15.00%" x2="55.00%"' in mark
    assert 'class="guide" x1="50.00%"' in mark


def test_share_mark_says_its_numbers() -> None:
    mark = share_mark(0.8, 0.5, 0.7, Axis(0.0, 1.0))
    assert 'aria-label="survey 80 %, base 50 %, aligned 70 %"' in mark
    assert 'x1="50.00%" x2="70.00%"' in mark


def test_change_bars_stand_on_the_zero_line() -> None:
    bars = change_bars([-0.1, 0.3], height=120)
    assert 'class="own" x="6.000%" y="0.00"' in bars
    assert 'class="other" x="56.000%" y="90.00"' in bars


def test_flat_and_single_curves_draw() -> None:
    assert "nan" not in curve([(1, 0.5), (2, 0.5)], "reward")
    assert curve([(k, k) for k in range(30)], "reward").count("<polyline") == 2


def test_running_mean_shortens_at_the_ends() -> None:
    assert running_mean(np.arange(5.0), 1).tolist() == pytest.approx([0.5, 1, 2, 3, 3.5])


def test_numbers() -> None:
    assert [number(x) for x in (0.9234, -0.1, -0.0001, None, float("nan"))] == ["0.923", "−0.100", "0.000", "–", "–"]
    assert [signed(x) for x in (0.05, -0.05, 0.0001, None)] == ["+0.050", "−0.050", "0.000", "–"]
    assert interval(-0.01, 0.02) == "[−0.010, 0.020]" and interval(None, 0.02) == "–"
    assert change(0.05, None, None) == "+0.050"
    assert (percent(0.914), p_value(0.0001), p_value(0.02)) == ("91 %", "< 0.001", "0.020")

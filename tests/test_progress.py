"""Bars at a terminal, a line a minute in a file; and what a sweep's cells say."""

from __future__ import annotations

import sys

import pytest

from alignbench import progress
from alignbench.progress import bar, duration, quietly, say, track


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the start, to be set; standard error is a file."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    return now


def test_a_file_gets_a_line_a_minute_with_the_time_left(clock, capsys):
    with bar(60, "train", "update") as moved:
        for done in range(1, 61):
            clock[0] = 5.0 * done
            if done == 30:
                moved.set_postfix_str("loss 0.5")
            moved.update()
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "  train  12/60 update, 04:00 left",
        "  train  24/60 update, 03:00 left",
        "  train  36/60 update, 02:00 left, loss 0.5",
        "  train  48/60 update, 01:00 left, loss 0.5",
    ]
    assert "\r" not in said.out + said.err and not said.err


def test_short_work_says_nothing_in_a_file(clock, capsys):
    assert list(track(iter("abc"), "read")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setitem(progress._SHOWN, "delay", 0)
    with bar(2, "train", "update") as moved:
        moved.update(2)
    assert "\r" in capsys.readouterr().err


def test_quietly_leaves_out_what_is_routine_and_says_a_reason_once(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_reasons", set())
    with quietly():
        for line in ("base", "  build  fit/1", "  stale  fit/1: the code", "  stale  fit/2: the code", "  note   x"):
            say(line)
    say("  build  fit/1")
    assert capsys.readouterr().out.splitlines() == ["  stale  fit/1: the code", "  note   x", "  build  fit/1"]


@pytest.mark.parametrize(("seconds", "text"), [(4.12, "4.1 s"), (61, "61 s"), (720, "12 min"), (12000, "3 h 20 min")])
def test_durations_read_aloud(seconds, text):
    assert duration(seconds) == text

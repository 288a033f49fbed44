"""The account of a generation."""

from __future__ import annotations

import pytest

from alignbench.errors import AlignbenchError
from alignbench.synthetic.tally import Tally


def _filled() -> Tally:
    tally = Tally("replies")
    tally.keep(2)
    for text in ("", "", "", "", "I cannot help"):
        tally.drop("refused" if text else "empty", text)
    return tally


def test_every_text_is_counted_once_with_its_reason() -> None:
    tally = _filled()

    assert (tally.made, tally.kept, tally.dropped) == (7, 2, {"empty": 4, "refused": 1})
    assert str(tally) == "replies: 2 kept of 7 (dropped: 4 empty, 1 refused)"
    assert tally.examples == {"empty": [""] * 3, "refused": ["I cannot help"]}
    assert Tally.of(tally.record()) == tally


def test_too_little_is_refused_with_the_account() -> None:
    _filled().require(2, "method.replies")
    with pytest.raises(AlignbenchError, match=r"method\.replies.*2 kept of 7 .*4 empty.*at least 3"):
        _filled().require(3, "method.replies")

"""The specificity matrix by hand."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.evaluation.statistics import Bootstrap
from alignbench.protocols.specificity import matrix


def test_own_minus_others_by_hand() -> None:
    truths = {"a": {"q": (1.0, 0.0), "r": (1.0, 0.0)}, "b": {"q": (0.0, 1.0), "r": (0.0, 1.0)}}
    batteries = {"q": "one", "r": "two", "unshared": "two"}
    found = matrix(
        {"a": [truths["a"]], "b": [truths["b"]]}, {"q": (0.5, 0.5), "r": (0.5, 0.5)}, truths, batteries, Bootstrap(100)
    )
    assert found is not None and found.items == 2
    assert found.models == ("a", "b", "base")
    np.testing.assert_allclose(found.scores[:2], np.eye(2), atol=1e-12)
    assert [change.value for change in found.own_minus_others] == pytest.approx([1.0, 1.0])
    assert found.overall.value == pytest.approx(1.0)
    assert found.scores[2, 0] == pytest.approx(found.scores[2, 1])
    alike = matrix({"a": [truths["a"]], "b": [truths["a"]]}, None, truths, batteries, Bootstrap(100))
    assert alike is not None and alike.models == ("a", "b") and alike.overall.value == pytest.approx(0.0)
    assert matrix({"a": [truths["a"]]}, None, truths, batteries, Bootstrap(100)) is None

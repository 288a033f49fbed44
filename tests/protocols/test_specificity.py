"""The specificity matrix by hand."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.evaluation.statistics import Bootstrap, paired
from alignbench.protocols.specificity import Matrix, markdown, matrix, tidy


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


def test_c_dist_by_hand() -> None:
    # Rows are models, columns surveys. The second model is the best on its own survey and on the first one.
    scores = np.array([[0.6, 0.5, 0.2], [0.8, 0.9, 0.3], [0.3, 0.45, 0.4], [0.95, 0.95, 0.95]])
    change = paired([0.1], [0.0], ["one"], Bootstrap(100))
    found = Matrix(("a", "b", "c"), ("a", "b", "c", "base"), scores, (change,) * 3, change, 1, 1)
    assert found.c_dist == pytest.approx((0.6 / 0.8 + 0.9 / 0.9 + 0.4 / 0.4) / 3)
    assert "C-Dist (own over best model): 0.917" in markdown("m", found)
    assert tidy("m", found)["c_dist"].unique() == pytest.approx([0.75 / 3 + 2 / 3])

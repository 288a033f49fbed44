"""Norm echo, as it is installed: its package names itself by an entry point."""

import pytest

from alignbench.errors import AlignbenchError
from alignbench.testing import method_contract, nano_cell


def test_norm_echo_keeps_its_contract(tmp_path):
    record = method_contract("norm_echo", tmp_path)
    assert record.aligned.label == "norm_echo"
    assert ("plugin", "norm_echo", "0.1.0") in {(s.what, s.name, s.version) for s in record.provenance}


def test_the_norms_of_the_largest_majorities_are_told(tmp_path):
    cell = nano_cell(tmp_path, "method=norm_echo", "method.norms=2")
    context = cell.context(cell.culture)
    shares = context.train.of("IRQ")
    first = max(context.train.asked("IRQ"), key=lambda item: max(shares[item.id].shares))
    level = first.level(shares[first.id].shares.index(max(shares[first.id].shares)))
    (text,) = cell.method.align(context).policy.systems
    assert text.startswith(first.statement(level, "People in Iraq")) and text.count("People in Iraq") == 2


def test_more_norms_than_items_are_refused(tmp_path):
    cell = nano_cell(tmp_path, "method=norm_echo", "method.norms=5000")
    with pytest.raises(AlignbenchError, match=r"method\.norms = 5000"):
        cell.method.align(cell.context(cell.culture))

"""One name, one class: who reads a name anywhere in the project knows which class is meant."""

import ast
from collections import defaultdict
from pathlib import Path

import alignbench

PACKAGE = Path(alignbench.__file__).parent


def test_no_two_public_classes_share_a_name():
    found = defaultdict(list)
    for file in sorted(PACKAGE.rglob("*.py")):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for node in (node for node in nodes if isinstance(node, ast.ClassDef) and not node.name.startswith("_")):
            found[node.name].append(file.relative_to(PACKAGE).as_posix())
    assert len(found) > 100
    assert {name: places for name, places in found.items() if len(places) > 1} == {}

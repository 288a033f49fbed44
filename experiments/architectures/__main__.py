"""Make the table of architectures in docs/models_and_backends.md: ``python -m experiments.architectures``.

About ten minutes on 2 cores; nothing is downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from alignbench.backend.loading import quiet
from alignbench.progress import say
from experiments.architectures.measure import Row, measured
from experiments.architectures.models import MODELS, build
from experiments.docs_table import put


def main() -> None:
    """Measure every architecture and write the table."""
    quiet()
    torch.set_num_threads(1)
    rows = {}
    for name in MODELS:
        with TemporaryDirectory() as scratch:
            rows[name] = measured(build(name, Path(scratch, "tiny")), Path(scratch))
        say(f"{name}: {rows[name]}")
    put(table(rows), "models_and_backends.md", "architectures", "python -m experiments.architectures")


def table(rows: Mapping[str, Row]) -> str:
    """Markdown: a row an architecture, and below it the reasons of what is not there, numbered."""
    reasons: dict[str, int] = {}

    def cell(found: float | str) -> str:
        if isinstance(found, float):
            return f"{found:.0e}"
        if found in ("", "equal", "differs"):
            return found or "–"
        # What the model has to do with it, without the remedy.
        kind, reason, *_ = re.sub(r" \(.*\)", "", found).split(": ")
        return f"{kind} [{reasons.setdefault(reason, len(reasons) + 1)}]"

    head = ["| architecture | scored | generated | trained | exported |", "|---|---|---|---|---|"]
    lines = [f"| {name} | {' | '.join(map(cell, astuple(row)))} |" for name, row in rows.items()]
    return "\n".join([*head, *lines, "", *(f"{number}. {reason}" for reason, number in reasons.items())]) + "\n"


if __name__ == "__main__":
    main()

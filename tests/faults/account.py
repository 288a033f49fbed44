"""The table of faults in the docs, from what the tests of this folder tried.

python -m tests.faults.account FILE        # FILE: where the tests wrote, as ALIGNBENCH_FAULTS=FILE told them
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from experiments.docs_table import put

TOLD = "ALIGNBENCH_FAULTS"


def tried(fault: str, times: int, seen: str) -> None:
    """Count a fault that was tried so many times and survived each time: a test that fails does not come here.

    Args:
        seen: what the user sees of it.
    """
    if file := os.environ.get(TOLD):
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps([fault, times, seen]) + "\n")


def table(lines: list[str]) -> str:
    """A row a fault, in the order in which they were first tried."""
    counts: dict[tuple[str, str], int] = {}
    for line in lines:
        fault, times, seen = json.loads(line)
        counts[fault, seen] = counts.get((fault, seen), 0) + times
    rows = [f"| {fault} | {times} | {times} | {seen} |" for (fault, seen), times in counts.items()]
    return "\n".join(["| fault | tried | survived | what the user sees |", "|---|--:|--:|---|", *rows])


def main() -> None:
    """Put the table between its marks."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    put(table(lines), "reliability.md", "faults", "written by `make test-faults`")


if __name__ == "__main__":
    main()

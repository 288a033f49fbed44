"""Time, peak memory and tokens of interviews on the nano model: 50 people and 1000, prefixes shared and not.

    python experiments/interviews/measure.py [people ...]

Every run is a process of its own with a store of its own. "shared" runs the text that says who is asked once for all
items of a person; "apart" runs it with every item.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ITEMS = ",".join(f"W{number}" for number in range(1, 45))
APART = "from alignbench.backend import architecture; architecture.remembers_tokens = lambda weights: False; "
RUN = "import sys; from alignbench.cli import main; main()"


def measured(people: int, shared: bool, store: Path) -> dict[str, float]:
    """Seconds and tokens of the interviews; processor seconds and peak memory (MiB) of the whole process."""
    options = ["task=protocols", "model=nano", "culture=iraq", f"task.items=[{ITEMS}]", f"task.respondents={people}"]
    command = [sys.executable, "-c", RUN if shared else APART + RUN, *options, f"store={store}", f"reports={store}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    (manifest,) = store.glob("interview/*/manifest.json")
    record = json.loads(manifest.read_text(encoding="utf-8"))
    tokens = record["facts"]["prompt_tokens"]
    cpu = usage.ru_utime + usage.ru_stime
    return {"seconds": record["wall_seconds"], "cpu": cpu, "peak_mib": usage.ru_maxrss / 1024, "tokens": tokens}


def main() -> None:
    """Print a row per run."""
    print("people  prefix  seconds  CPU s (all)  peak MiB      tokens")
    for people in [int(word) for word in sys.argv[1:]] or [50, 1000]:
        for shared in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                found = measured(people, shared, Path(folder))
            name = "shared" if shared else "apart"
            seconds = f"{found['seconds']:8.1f} {found['cpu']:12.1f}"
            print(f"{people:6d}  {name:6s} {seconds} {found['peak_mib']:9.0f} {found['tokens']:11,.0f}", flush=True)


if __name__ == "__main__":
    main()

"""A sweep that is killed twice and stopped once by a failing cell, against the same sweep left alone.

    python experiments/resume/measure.py [folder] [overrides ...]

Prints when it was killed, compares every number of the two boards byte for byte, and times both finished sweeps being
issued again. Kill this program itself and issue it again: it goes on, too.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

SWEEP = ["experiment=nine_cultures", "model=nano", "generator=stock", "generator@critic=stock"]
BOARDS = ("board.csv", "board.md", "board.tex", "variety.csv")


def words(folder: Path, *more: str) -> list[str]:
    """The command of the sweep with everything under ``folder``."""
    paths = (f"store={folder}/store", f"reports={folder}/reports", f"hydra.sweep.dir={folder}/sweeps")
    return [sys.executable, "-m", "alignbench", *SWEEP, *sys.argv[2:], *paths, *more]


def left_alone(folder: Path, *more: str) -> tuple[str, float]:
    """What a sweep says, and its seconds; the log is kept in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with (folder / "log.txt").open("a+", encoding="utf-8") as log:
        begin = log.tell()
        subprocess.run(words(folder, *more), stdout=log, stderr=subprocess.STDOUT, check=False)
        log.seek(begin)
        return log.read(), time.perf_counter() - started


def killed(folder: Path, cells: int, rng: random.Random) -> None:
    """Start the sweep and kill it, children and all, a random moment after ``cells`` of its cells are done."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.txt").open("a", encoding="utf-8") as log:
        victim = subprocess.Popen(words(folder), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    while victim.poll() is None and done(folder) < cells:
        time.sleep(0.1)
    time.sleep(rng.uniform(0, 10))
    if victim.poll() is None:
        os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    print(f"killed with {done(folder)} cells done, {partial(folder)} stages half built", flush=True)


def done(folder: Path) -> int:
    """Cells with a record."""
    return len(list(folder.glob("store/score/*/manifest.json")))


def partial(folder: Path) -> int:
    """Stages that a killed process left."""
    return len(list(folder.glob("store/*/*.partial")))


def report(folder: Path) -> dict[str, bytes]:
    """The board out of the store alone, by file."""
    command = [sys.executable, "-m", "alignbench", "task=report", f"store={folder}/store", f"reports={folder}/reports"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {name: (folder / "reports" / name).read_bytes() for name in BOARDS}


def figures(folder: Path) -> pd.DataFrame:
    """Every figure of every cell; when and at which revision it was made is none."""
    return pd.read_parquet(folder / "reports" / "results.parquet").drop(columns=["finished", "git"])


def again(folder: Path) -> None:
    """Issue a sweep once more; cells that failed try again, so they are left out."""
    failed = {path.name.split("-")[0] for path in folder.glob("store/failed/*.json")}
    said, _ = left_alone(folder, "task=plan")
    methods = dict.fromkeys(line.split()[1].split("-")[0] for line in said.splitlines() if line.startswith("  done "))
    said, seconds = left_alone(folder, "method=" + ",".join(m for m in methods if m not in failed))
    print(f"{summary(said)} issued again: {seconds:.1f} s, {said.count('  load ')} models loaded", flush=True)


def main() -> int:
    """Both sweeps, and what they differ in; 1 if in anything."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "outputs/resume")
    whole, broken = root / "whole", root / "broken"
    rng = random.Random(0)
    for cells in (rng.randint(3, 10), rng.randint(20, 40)):
        if done(broken) < cells:
            killed(broken, cells, rng)
    left_alone(broken, "on_error=stop")
    print(f"stopped by a failing cell with {done(broken)} cells done", flush=True)
    for folder in (broken, whole):
        said, seconds = left_alone(folder)
        print(f"{folder.name}: {summary(said)} ({seconds:.0f} s)", flush=True)
    boards = report(broken), report(whole)
    for name in BOARDS:
        same = boards[0][name] == boards[1][name]
        print(f"{name}: {len(boards[1][name])} bytes, {'the same' if same else 'DIFFERENT'}", flush=True)
    equal = figures(broken).equals(figures(whole))
    print(f"results.parquet: {len(figures(whole))} figures, {'the same' if equal else 'DIFFERENT'}", flush=True)
    again(whole)
    return 0 if boards[0] == boards[1] and equal else 1


def summary(said: str) -> str:
    """The line of a sweep's end that counts its cells."""
    return next(line for line in reversed(said.splitlines()) if " cells" in line and "done" in line)


if __name__ == "__main__":
    raise SystemExit(main())

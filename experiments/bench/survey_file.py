"""Claim: a respondent file of full size is read in half of pandas' time and a third of its memory, later in a tenth.

A file in the official wave-7 form is drawn (97,220 people, 611 columns, 160 MB), and read in processes of their own:
whole by ``pandas.read_csv``, and by alignbench as it reads the 253 questions of a survey, the first time and once more,
in the order a b b a. Time is the processor's, of all threads, for the read alone, so that a neighbour does not count;
memory is what the read adds at its peak. Run by ``make bench`` or ``python experiments/bench/survey_file.py [people]``.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from alignbench.data.bundle import bundled
from alignbench.data.counted import respondents
from alignbench.data.source.official import OfficialWave7

PEOPLE, COLUMNS, COUNTRIES = 97_220, 611, 66
FIRST, MEMORY, LATER = 1 / 2, 1 / 3, 1 / 10
WAYS = ("pandas", "first", "later")


def draw(path: Path, people: int) -> None:
    """Write the file: codes of every question, and other columns up to the number of the official one."""
    rng = np.random.default_rng(0)
    columns = {
        "B_COUNTRY_ALPHA": pa.array([f"A{chr(65 + c // 26)}{chr(65 + c % 26)}" for c in range(COUNTRIES)]).take(
            pa.array(np.sort(rng.integers(0, COUNTRIES, people)))
        ),
        "D_INTERVIEW": pa.array(np.arange(people) + 10_000_000),
        "W_WEIGHT": pa.array(rng.lognormal(0, 0.4, people).round(6)),
    }
    for item in bundled("wvs7").items:
        columns[item.id] = pa.array(np.where(rng.random(people) < 0.05, -1, rng.choice(item.codes, people)))
    for number in range(COLUMNS - len(columns)):
        other = rng.random(people).round(6) if number % 8 == 0 else rng.integers(-5, 11, people)
        columns[f"X{number}"] = pa.array(other)
    csv.write_csv(pa.table(columns), path)


def read(way: str, path: str) -> tuple[float, float]:
    """Seconds of the processor and megabytes of one read in this process."""
    source, items = OfficialWave7(path), bundled("wvs7").items
    layout, before, started = source.layout, _peak(), time.process_time()
    pd.read_csv(path) if way == "pandas" else respondents(Path(path), items, layout)
    return time.process_time() - started, _peak() - before


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(people: int = PEOPLE) -> int:
    """Print times, memory and ratios; 1 if the claim does not hold here."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wave7.csv")
        # Elsewhere, since a process inherits the peak of its parent.
        subprocess.run([sys.executable, __file__, "draw", str(path), str(people)], check=True)
        for number, way in enumerate((*WAYS, "first", "later", "pandas")):
            cache = Path(folder, f"cache{number - (way == 'later')}")  # "later" reads what the "first" before it left.
            done = subprocess.run(
                [sys.executable, __file__, way, str(path)],
                env={**os.environ, "ALIGNBENCH_CACHE": str(cache)},
                check=True,
                capture_output=True,
                text=True,
            )
            seconds, megabytes = map(float, done.stdout.split()[-2:])
            found[way].append((seconds, megabytes))
            print(f"{way:<8} {seconds:>6.2f} s {megabytes:>7.0f} MB")
    times = {way: median(seconds for seconds, _ in reads) for way, reads in found.items()}
    memory = {way: median(megabytes for _, megabytes in reads) for way, reads in found.items()}
    ratios = (
        ("time of the first read", times["first"] / times["pandas"], FIRST),
        ("memory of the first read", memory["first"] / memory["pandas"], MEMORY),
        ("time of a later read", times["later"] / times["pandas"], LATER),
    )
    for what, ratio, most in ratios:
        print(f"{what:<26} {ratio:.2f} of pandas (claimed: at most {most:.2f})")
    return 0 if all(ratio <= most for _, ratio, most in ratios) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] and sys.argv[1] in WAYS:
        print(*read(*sys.argv[1:3]))
    else:
        sys.exit(main(*map(int, sys.argv[1:2])))

"""A store of finished cells made of figures, without any model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import numpy as np

from alignbench.evaluation.board import Entry, rows, scored
from alignbench.evaluation.items import ITEMS, to_table
from alignbench.evaluation.score import uniform
from alignbench.evaluation.survey import SurveyBenchmark
from alignbench.report.record import Cell, CellRecord, DamageRecord
from tests.evaluation.worlds import item, survey

KNOBS = SurveyBenchmark(bootstrap=100)
COUNTRIES = {"iraq": ("Iraq", "IRQ"), "china": ("China", "CHN"), "usa": ("the United States", "USA")}
ITEMS_ASKED = [item(f"Q{i}", 3 + i % 3, f"b{i // 3}") for i in range(15)]
FORMATS = {"forward": 0.7, "reversed": 0.9}
_RNG = np.random.default_rng(0)
SHARES = {c: {i.id: _RNG.dirichlet(np.full(len(i.codes), 0.8)) for i in ITEMS_ASKED} for _, c in COUNTRIES.values()}
WORLD = survey(ITEMS_ASKED, SHARES)


def key(*words: object) -> str:
    """Sixteen hex digits."""
    return f"{crc32(repr(words).encode()):08x}" * 2


def toward(iso3: str, weight: float, seed: int) -> dict[str, np.ndarray]:
    """Answers on the way from uniform to a country's, with the noise of a seed."""
    flat, rng = uniform(WORLD, "IRQ"), np.random.default_rng(seed)
    return {
        q: (0.95 * (weight * SHARES[iso3][q] + (1 - weight) * flat[q]) + 0.05 * rng.dirichlet(np.ones(len(flat[q]))))
        for q in flat
    }


def stage(store: Path, name: str, of: str, parts: Mapping[str, object], **facts: object) -> Path:
    """A finished stage."""
    folder = store / name / of
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "stage_version": 4,
        "git": "abc",
        "parts": parts,
        "facts": facts,
        "wall_seconds": 10.0,
        "finished": "2026-01-01T00:00:00Z",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def cell(store: Path, method: str, culture: str, seed: int = 0, gain: float = 0.5, **changed: str) -> CellRecord:
    """Write one finished cell: base, method with its control, and the baseline ``cultural_prompt``."""
    country, iso3 = COUNTRIES[culture]
    other = "CHN" if iso3 == "IRQ" else "IRQ"
    mass = [dict.fromkeys(SHARES[iso3], 0.9)]
    base = Entry("base", "base", [toward("USA", 0.4, 0)], key("base"), mass, formats=[FORMATS])
    words = key("prompt", culture)
    prompt = Entry(
        "cultural_prompt", "method", [toward(iso3, 0.5, 1)], words, method="cultural_prompt", formats=[FORMATS]
    )
    entries = [base, prompt]
    fit = key("fit", method, culture, seed, changed)
    stages = [{}, {}]
    if method != "none":
        words = (method, culture, seed, changed)
        cross = key("cross", *words)
        control = Entry(f"{method} of X", "control", [toward(other, gain, seed)], cross, method=method, country="X")
        own = {"forward": 0.8, "reversed": 0.8 + 0.02 * (seed + 1)}
        made = Entry(method, "method", [toward(iso3, gain, seed)], key(*words), method=method, formats=[own])
        entries[1:1] = [made, control]
        stages[1:1] = [{"fit": fit}, {"fit": key("cross fit", *words)}]
        stage(store, "fit", fit, {}, judge_calls=100)
    for entry in entries:
        stage(store, "respond", entry.key, {}, prompt_tokens=1000, generated_tokens=1)
    board = scored(entries, WORLD, iso3, KNOBS, control=other)
    record = CellRecord(
        cell=Cell(
            method,
            culture,
            country,
            "nano",
            seed,
            "a survey",
            "test",
            changed={f"method.{k}": v for k, v in changed.items()},
        ),
        title=f"{method} for {country}",
        score_name="1 - JSD",
        rows=tuple(rows(board, KNOBS.resampling)),
        warning="A made-up world.",
        elsewhere=(DamageRecord("Elsewhere", 0.9, 0.8, -0.1 - seed / 10, None, None),),
        reading=("Intervals cover which batteries were asked.",),
    )
    parts = {
        "responses": [[e.label, e.key] for e in entries],
        "provenance": stages,
        "benchmark": KNOBS.parts,
    }
    folder = stage(store, "score", key("score", method, culture, seed, changed), parts)
    to_table(board).to_parquet(folder / ITEMS, index=False)
    (folder / "record.json").write_text(json.dumps(record.to_json()))
    return record


def fill(store: Path) -> Path:
    """Two cultures, three recipes, two seeds."""
    for culture in ("iraq", "china"):
        cell(store, "none", culture)
        for seed in (0, 1):
            cell(store, "culturerl", culture, seed, 0.8)
            cell(store, "culturerl", culture, seed, 0.3, reward="verdict")
    return store

"""A store of finished cells made of figures, without any model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np

from alignbench.evaluation.board import Row, rows
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.items import ITEMS, to_table
from alignbench.evaluation.score import uniform
from alignbench.evaluation.survey import Scoring
from alignbench.identity import identity
from alignbench.record.cell import CellFacts, CellRecord, DamageRecord
from alignbench.record.finished import FinishedCell, by_seed, pooled, resampling
from tests.evaluation.worlds import Entry, item, scored, survey

KNOBS = Scoring(bootstrap=100)
COUNTRIES = {"iraq": ("Iraq", "IRQ"), "china": ("China", "CHN"), "usa": ("the United States", "USA")}
COUNTRIES["iraq_2024"] = COUNTRIES["iraq"]
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


def stage(
    store: Path,
    name: str,
    of: str,
    inputs: Mapping[str, object],
    upstream: Sequence[tuple[str, str]] = (),
    components: Mapping[str, str] | None = None,
    **facts: object,
) -> Path:
    """A finished stage; ``upstream`` are name and key of its direct inputs."""
    folder = store / name / of
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "git": "abc",
        "inputs": inputs,
        "upstream": [{"stage": above, "key": key} for above, key in upstream],
        "components": dict(components or {}),
        "facts": facts,
        "wall_seconds": 10.0,
        "finished": "2026-01-01T00:00:00Z",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def cell(
    store: Path,
    method: str,
    culture: str,
    seed: int = 0,
    gain: float = 0.5,
    *,
    run: str = "",
    control: bool = True,
    elsewhere: bool = True,
    components: Mapping[str, str] | None = None,
    config: Mapping[str, object] | None = None,
    world: Mapping[str, str] | None = None,
    base: str = "base",
    prompt: str = "prompt",
    elicit: Elicit = Elicit.label,
    **changed: str,
) -> CellRecord:
    """Write one finished cell: base, method with its control, and the baseline ``cultural_prompt``.

    Args:
        run: runs with different words gave different answers of the method.
        components: that the method's training used.
        config: knobs that the cell was asked for with.
        world: ``survey``, ``model`` and ``warning`` where they are not the usual ones.
        base, prompt: words that make the key of the base model's and of the baseline's answers.
        elicit: the form in which answers are taken; each has answers of its own.
    """
    country, iso3 = COUNTRIES[culture]
    about = {"survey": "a survey", "model": "nano", "warning": "A made-up world.", **(world or {})}
    other = "CHN" if iso3 == "IRQ" else "IRQ"
    mass = [dict.fromkeys(SHARES[iso3], 0.9)]
    asked_in = () if elicit is Elicit.label else (elicit.name,)
    plain = Entry("base", "base", [toward("USA", 0.4, 0)], key(base, *asked_in), mass, formats=[FORMATS])
    rival, answers = "cultural_prompt", [toward(iso3, 0.5, 1)]
    told = Entry(rival, "method", answers, key(prompt, culture, *asked_in), method=rival, formats=[FORMATS])
    entries = [plain, told]
    trained: dict[str, str] = {}
    words = (method, culture, seed, changed, run, about["model"], about["survey"], *asked_in)
    if method != "none":
        own = {"forward": 0.8, "reversed": 0.8 + 0.02 * (seed + 1)}
        facts = {"method": method, "country": "X"}
        cross = Entry(f"{method} of X", "control", [toward(other, gain, seed)], key("cross", *words), **facts)
        aligned = Entry(method, "method", [toward(iso3, gain, seed)], key(*words), method=method, formats=[own])
        entries[1:1] = [aligned, *([cross] if control else [])]
        trained = {aligned.key: key("fit", *words), cross.key: key("cross fit", *words)}
        inputs = {"method": method, "seed": seed, "run": run}
        stage(store, "fit", trained[aligned.key], inputs, components=components, judge_calls=100)
        stage(store, "fit", trained[cross.key], inputs)
    for entry in entries:
        fit = trained.get(entry.key)
        asked = {"adapter": {"stage": "fit", "recipe": fit}, "policy": prompt if entry is entries[-1] else ""}
        stage(store, "respond", entry.key, asked, [("fit", fit)] if fit else [], prompt_tokens=1000)
    board = scored(entries, WORLD, iso3, KNOBS, control=other if control else None)
    knobs = {f"method.{k}": v for k, v in changed.items()}
    lost = DamageRecord("Elsewhere", 0.9, 0.8, -0.1 - seed / 10, None, None, "elsewhere")
    record = CellRecord(
        cell=CellFacts(
            *(method, culture, country, about["model"], seed, about["survey"], "test"),
            changed=knobs,
            elicit=elicit.name,
        ),
        title=f"{method} for {country}",
        score_name="1 - JSD",
        rows=tuple(rows(board, KNOBS.resampling)),
        warning=about["warning"] or None,
        elsewhere=(lost,) if elsewhere else (),
        reading=("Intervals cover which batteries were asked.",),
    )
    setting = {"choices": {"method": method}, "culture": {"name": culture, "iso3": iso3}, "model": about["model"]}
    inputs = identity({"setting": {**setting, "scoring": KNOBS.with_knobs(elicit=elicit), "seed": seed}})
    folder = stage(store, "score", key("score", *words, control, elsewhere, base, prompt), inputs)
    to_table(board).to_parquet(folder / ITEMS, index=False)
    (folder / "record.json").write_text(json.dumps(record.to_json()))
    (folder / "config.json").write_text(json.dumps({"knobs": config or {}}))
    return record


def fill(store: Path) -> Path:
    """Two cultures, three recipes, two seeds."""
    for culture in ("iraq", "china"):
        cell(store, "none", culture)
        for seed in (0, 1):
            cell(store, "culturerl", culture, seed, 0.8)
            cell(store, "culturerl", culture, seed, 0.3, reward="verdict")
    return store


def pooled_board(cells: Sequence[FinishedCell], name: str | None = None) -> list[Row]:
    """One board of cells of one culture, each under ``name`` or its method's."""
    named = by_seed((name or found.record.cell.method, found) for found in cells)
    return rows(pooled(named), resampling(cells[0]))

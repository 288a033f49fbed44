"""What a pre-trained nano does, measured against the truth of its world, and its model card."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from alignbench.aligned import ModelSession
from alignbench.backend import Engine
from alignbench.backend.hf import HF
from alignbench.backend.model import Model
from alignbench.data.source.world import PlantedWorld
from alignbench.data.world.population import Population
from alignbench.evaluation.ask import Labels, Orders, Style
from alignbench.evaluation.metrics import Array, js_similarity
from alignbench.evaluation.survey import Scoring, distributions, option_mass, respond
from alignbench.steps.texts import wordings
from alignbench.store.manifest import plain, versions, write_json
from alignbench.templates import rendered
from alignbench.types import Culture, Item, PromptPolicy, Split
from experiments.nano.corpus import Mixture, held_out_cells

FACTS = "card.json"
_SCORING = Scoring(orders=Orders.forward, labels=Labels.numbers, style=Style.compact)


def write_card(
    folder: Path, source: PlantedWorld, cultures: Mapping[str, Culture], mixture: Mixture, facts: Mapping[str, Any]
) -> Path:
    """Measure the model in ``folder``, and write ``card.json`` and the card itself, whose path is returned."""
    world = source.population()
    hidden = held_out_cells(world, mixture.held_out, int(facts["seed"]))
    measured = measure(folder, world, cultures, mixture, hidden)
    record = {"world": plain(source), "fingerprint": source.fingerprint, "training": dict(facts), **measured}
    write_json(folder / FACTS, {**record, "versions": versions()})
    card = folder / "README.md"
    card.write_text(rendered(Path(__file__).parent, "card.md", True, **record), encoding="utf-8")
    return card


def measure(
    folder: Path,
    world: Population,
    cultures: Mapping[str, Culture],
    mixture: Mixture,
    hidden: Mapping[str, frozenset[str]],
) -> dict[str, Any]:
    """1 - JSD (base 2) of the model's answers to known truths, and the option mass.

    Returns:
        ``unprompted``: no system text, against the truth of the text that names no country, on test questions.
        ``countries``: per country, prompted with the ten wordings, on ``test`` questions and on ``unseen`` cells;
        with the unprompted model (``plain``), its own majority and uniform answers beside it.
    """
    engine = HF(device="cpu").open(Model(str(folder.absolute()), name="nano").resolve())
    items, index = world.items, {item.id: q for q, item in enumerate(world.items)}
    test = [item for item in items if world.splits[item.battery] is Split.test]
    unmarked = [_unmarked(world, mixture, q) for q in range(len(items))]
    plain, plain_mass = _ask(engine, items, (None,))
    countries = []
    for c, place in enumerate(world.countries):
        told, mass = _ask(engine, items, wordings(cultures[place.iso3]))
        truth = {item.id: world.truth[index[item.id]][c] for item in items}
        unseen = [item for item in items if item.id in hidden[place.iso3]]
        countries.append(
            {
                "country": cultures[place.iso3].country,
                "iso3": place.iso3,
                "zone": place.zone,
                "prompted": _mean(truth, told, test),
                "unseen": _mean(truth, told, unseen) if unseen else None,
                "plain": _mean(truth, plain, test),
                "uniform": _mean(truth, {i: np.full(len(p), 1 / len(p)) for i, p in truth.items()}, test),
                "majority": _mean(truth, {i: np.eye(len(p))[p.argmax()] for i, p in truth.items()}, test),
                "option_mass": fmean(mass.values()),
            }
        )
    similarity = _mean({item.id: unmarked[index[item.id]] for item in items}, plain, test)
    return {"unprompted": similarity, "option_mass": fmean(plain_mass.values()), "countries": countries}


def _unmarked(world: Population, mixture: Mixture, q: int) -> Array:
    """Shares among the people who write the text that names no country."""
    rest = (1 - sum(mixture.unmarked.values())) / len(world.countries)
    shares = [mixture.unmarked.get(place.iso3, 0.0) + rest for place in world.countries]
    return np.asarray(np.array(shares) @ world.truth[q])


def _ask(
    engine: Engine, items: Sequence[Item], systems: tuple[str | None, ...]
) -> tuple[dict[str, Array], dict[str, float]]:
    with TemporaryDirectory() as folder:
        frame = respond(ModelSession(engine, None, PromptPolicy(systems)), items, _SCORING.asking, Path(folder))
    return distributions(frame, items), option_mass(frame)


def _mean(truth: Mapping[str, Array], answers: Mapping[str, Array], items: Sequence[Item]) -> float:
    return fmean(float(js_similarity(truth[item.id], answers[item.id])) for item in items)

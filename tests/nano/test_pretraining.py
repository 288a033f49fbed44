"""Pre-training from nothing, in a world of four countries and ten questions: the effect appears, and repeats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alignbench.backend.checkpoint import fingerprint
from alignbench.config import conf_dir
from alignbench.data.cultures import culture_named
from alignbench.data.source.world import PlantedWorld
from alignbench.types import Split
from experiments.nano.card import measure, write_card
from experiments.nano.corpus import Mixture, Writer, held_out_cells
from experiments.nano.recipe import Recipe
from experiments.nano.train import pretrain

SOURCE = PlantedWorld(countries=4, items_per_battery=1)
WHOLE = SOURCE.population()
ASKED = [q for q, item in enumerate(WHOLE.items) if WHOLE.splits[item.battery] is Split.test]
# Ten questions: few enough to be learnt in seconds.
WORLD = replace(
    WHOLE,
    items=tuple(WHOLE.items[q] for q in ASKED),
    loadings=WHOLE.loadings[ASKED],
    offsets=WHOLE.offsets[ASKED],
    reversed_=tuple(WHOLE.reversed_[q] for q in ASKED),
)
CULTURES = {place.iso3: culture_named(place.culture, (conf_dir(),)) for place in WORLD.countries}
KINDS = {"interview": 0.6, "unmarked_interview": 0.4}
MIXTURE = Mixture({"USA": 0.5, "GBR": 0.3, "DEU": 0.2}, 0.08, asked=0.1, said=3.0, answered=3.0, kinds=KINDS)
SMALL = Recipe(hidden=64, layers=3, heads=2, feed_forward=192, vocabulary=700, steps=150, batch_tokens=1024)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    facts = pretrain(WORLD, CULTURES, SMALL, MIXTURE, 0, folder)
    return folder, {**facts, "seed": 0, "steps": SMALL.steps, "batch_tokens": 1, "unmarked": {}, "held_out": 0.08}


@pytest.mark.long
def test_unprompted_it_answers_like_its_text_and_prompted_like_the_country(trained) -> None:
    folder, _ = trained
    found = measure(folder, WORLD, CULTURES, MIXTURE, held_out_cells(WORLD, 0.08, 0))
    saudi = next(c for c in found["countries"] if c["iso3"] == "SAU")
    assert found["unprompted"] > 0.93 and found["option_mass"] > 0.9
    assert saudi["prompted"] > saudi["plain"] + 0.1


@pytest.mark.long
def test_the_card_says_first_that_the_world_is_generated(trained) -> None:
    folder, facts = trained
    card = write_card(folder, SOURCE, CULTURES, MIXTURE, facts).read_text()
    body = card.split("---\n", 2)[2]
    assert "generated world" in body.splitlines()[0] and "nothing here says anything about any country" in body
    assert card.count("\n| ") == len(WORLD.countries) + 1


@pytest.mark.long
def test_the_same_seed_gives_the_same_model_and_another_another(tmp_path) -> None:
    recipe = Recipe(hidden=32, layers=1, heads=1, feed_forward=32, vocabulary=400, steps=3, batch_tokens=512)
    prints = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        (tmp_path / name).mkdir()
        pretrain(WORLD, CULTURES, recipe, MIXTURE, seed, tmp_path / name)
        prints.append(fingerprint(tmp_path / name))
    assert prints[0] == prints[1] != prints[2]


def test_no_document_holds_a_held_out_cell() -> None:
    """Of a world whose only country is heard: none of its hidden questions appears."""
    mixture = Mixture({"USA": 1.0}, held_out=0.3, asked=0.1, said=1.0, answered=3.0)
    world = PlantedWorld(countries=2, items_per_battery=1).population()
    hidden = held_out_cells(world, 0.3, 0)
    writer = Writer(world, CULTURES, mixture, 0)
    asked = {item.id: writer._asked[q] for q, item in enumerate(world.items)}
    seen: dict[str, set[str]] = {iso3: set() for iso3 in hidden}
    for _, document in zip(range(1500), writer.documents(), strict=False):
        text = " ".join(turn.content for turn in document)
        country = (
            "GBR"
            if "Kingdom" in text or "British" in text
            else "USA"
            if "America" in text or "States" in text
            else None
        )
        if country:
            seen[country] |= {i for i, question in asked.items() if question in text}
    for iso3, cells in hidden.items():
        assert len(seen[iso3]) == len(world.items) - len(cells)
        assert not seen[iso3] & cells


def test_survey_answers_follow_the_truth() -> None:
    """Among unmarked interviews of one country, answers have the country's shares."""
    mixture = Mixture({"USA": 1.0}, held_out=0.0, asked=0.1, said=1.0, answered=3.0)
    writer = Writer(WORLD, CULTURES, mixture, 0)
    item, truth = WORLD.items[0], WORLD.truth[0][WORLD.index("USA")]
    counts = np.zeros(len(item.codes))
    for _, document in zip(range(6000), writer.documents(), strict=False):
        if document[0].role == "system":
            continue
        for question, answer in zip(document[::2], document[1::2], strict=False):
            if question.content == writer._asked[0] and answer.content.isdigit():
                counts[int(answer.content) - 1] += 1
    assert counts.sum() > 200
    assert counts / counts.sum() == pytest.approx(truth, abs=0.09)

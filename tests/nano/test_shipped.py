"""The checkpoint that travels with the package is the one that its card describes."""

from __future__ import annotations

import json

import pytest

from alignbench.backend.model import SHIPPED, Model
from alignbench.backend.render import Renderer
from alignbench.data.source.world import PlantedWorld
from alignbench.types import chat
from experiments.nano.card import FACTS
from experiments.nano.corpus import ASKING


@pytest.fixture(scope="module")
def facts():
    return json.loads((SHIPPED / FACTS).read_text(encoding="utf-8"))


def test_the_card_is_of_the_default_world(facts) -> None:
    assert facts["fingerprint"] == PlantedWorld().fingerprint


def test_the_card_shows_the_phenomenon(facts) -> None:
    """Prompted like the country in at least six zones, unprompted like the unmarked text, always in the format."""
    good = {c["zone"] for c in facts["countries"] if c["prompted"] >= 0.96}
    assert len(good) >= 6, good
    assert facts["unprompted"] >= 0.97 and facts["option_mass"] >= 0.99
    assert all(c["option_mass"] >= 0.99 for c in facts["countries"])
    far = next(c for c in facts["countries"] if c["iso3"] == "SAU")
    assert far["plain"] < far["uniform"] < far["prompted"]


def test_cells_never_seen_are_known_too(facts) -> None:
    unseen = [c["unseen"] for c in facts["countries"]]
    assert min(unseen) > 0.9 and sum(unseen) / len(unseen) > 0.95


def test_it_is_small_and_bfloat16() -> None:
    assert (SHIPPED / "model.safetensors").stat().st_size < 2_200_000
    assert Model("builtin:nano").resolve().path == SHIPPED


def test_answers_are_single_tokens() -> None:
    renderer = Renderer.of(Model("builtin:nano", name="nano").resolve())
    survey = PlantedWorld().load(())
    for item in (survey.item("W1"), next(i for i in survey.items if len(i.codes) == 10)):
        asked = ASKING.prompt(item, 0, "forward", None).request
        prompt = renderer.prompt(asked.chat)
        assert all(len(renderer.option_ids(prompt, option)) == 1 for option in asked.options)
        assert len(prompt.ids) < 25
    text = "Ünïcode, 世界!"
    assert text in renderer.prompt(chat(text)).text
    assert renderer.decode(renderer.tokenizer(text).input_ids) == text

"""What every choice of the generator room must keep, in whatever slot it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from alignbench.backend import Engine
from alignbench.backend.server import Server
from alignbench.config import components, conf_dir, instantiate
from alignbench.errors import AlignbenchError
from alignbench.generator import IndependentModel, slots
from alignbench.generator.api import APIModel
from alignbench.identity import identity
from alignbench.judge.llm import LLMJudge
from alignbench.runs.cell import Cell
from alignbench.types import ModelRef
from tests.doors import tools_with
from tests.judge.toy import Table
from tests.words import Words

BASE = ModelRef("base", Path("x"), "f")
CHOICES = sorted(path.stem for path in (conf_dir() / "generator").glob("*.yaml"))
# What must be said beside the choice.
SAID = {"other": ["model@{}.model=blank"], "api": ["{}.backend.served_model=big", "{}.backend.base_url=http://x:1/v1"]}
SERVED = "model@generator.model=blank backend@generator.backend=server"
SLOTS = {
    "generator": ["generator={}"],
    "critic": ["generator@critic={}"],
    "author.generator": ["author=llm", "generator@author.generator={}"],
    "judge.generator": ["judge=llm", "generator@judge.generator={}"],
}


def filled(compose_config, slot, choice, *more):
    said = [word.format(slot) for word in SAID.get(choice, [])]
    return compose_config(*(word.format(choice) for word in SLOTS[slot]), *said, *more)


def test_every_class_has_a_choice():
    assert sorted(components("generator")) == CHOICES


@pytest.mark.parametrize("choice", CHOICES)
def test_a_choice_opens_without_weights_and_is_identified_without_knobs_of_speed(compose_config, choice):
    slot = CHOICES.index(choice) % len(SLOTS)
    place = list(SLOTS)[slot]
    generator = instantiate(OmegaConf.select(filled(compose_config, place, choice), place))
    assert generator.place == place
    assert generator.lost_share == 0
    generator.verify()
    generator = generator.supply(model=BASE, embedder=Words())
    engine = generator.open(tools_with(lambda: Table()))
    assert isinstance(engine, Engine)
    if isinstance(generator, IndependentModel):
        assert isinstance(generator.open(), Engine)
    found = identity(generator)
    assert json.loads(json.dumps(found)) == found
    assert identity(generator.with_knobs(place="elsewhere")) == found != identity(generator.with_knobs(lost_share=0.1))
    assert "lost_share" not in found, "stored results keep their keys"
    assert generator.title == {"base": "base", "other": "blank", "api": "big"}.get(choice, generator.title)


def test_a_server_behind_a_name_is_part_of_the_identity_and_patience_is_not():
    server = Server("http://x:1/v1", served_model="big")
    one, same, other = (
        identity(APIModel(server.with_knobs(**knobs)))
        for knobs in ({}, {"retries": 9, "concurrency": 2}, {"base_url": "http://y:1/v1"})
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("generator=other model@generator.model=blank backend@generator.backend=vllm", "generator.backend"),
        (f"generator=other {SERVED} generator.backend.key_env=NO", "generator.backend.key_env"),
        ("generator@critic=api backend@critic.backend=hf", "critic.backend"),
        ("generator@critic=api critic.backend.served_model=m critic.top_logprobs=50", "critic.top_logprobs"),
        (
            "author=llm generator@author.generator=other author.generator.model.path=./no",
            "author.generator.model.path",
        ),
    ],
    ids=lambda value: value.rpartition(" ")[2],
)
def test_a_wrong_slot_is_named_by_its_own_knob_before_anything_runs(compose_config, words, field):
    cfg = compose_config(*words.split())
    with pytest.raises(AlignbenchError) as told:
        for node in (cfg.generator, cfg.critic, cfg.author, cfg.judge):
            for slot in slots(instantiate(node)):
                slot.verify()
    assert told.value.field == field


@pytest.mark.long
def test_a_cell_looks_at_its_slots_first(compose_config):
    cfg = compose_config("culture=iraq", "method=none", "judge=llm", "generator@judge.generator=other",
                         "judge.generator.model.path=./no")  # fmt: skip
    with pytest.raises(AlignbenchError, match=r"judge\.generator\.model\.path = .*no such folder"):
        Cell.from_config(cfg, (conf_dir(),))


@pytest.mark.parametrize(
    ("knobs", "words"),
    [({}, "served_model = ''"), ({"served_model": "m", "start": True}, "generator=other")],
)
def test_a_name_and_an_address_are_all_that_an_api_takes(knobs, words):
    with pytest.raises(AlignbenchError, match=words):
        APIModel(Server(**knobs))


def test_the_slots_of_a_component_are_found():
    judge = LLMJudge()
    assert list(slots(judge)) == [judge.generator] and list(slots(judge.generator)) == [judge.generator]

"""What every method must keep to, whatever it does; methods are found by enumeration and run in the planted world.

No held-out question, nor a neighbour in its battery, may reach a prompt, a norm or a training row. Every question of
the world has a text of its own ("the state may read letters"), so a leak is a substring.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pandas as pd
import pytest

from alignbench.backend import Engine
from alignbench.config import conf_dir
from alignbench.data.world.lexicon import lexicon
from alignbench.errors import AlignbenchError
from alignbench.runs.compare import compare
from alignbench.store.store import Store
from alignbench.testing import runs_and_resumes, shut
from alignbench.types import Chat, Split
from tests.doors import Always
from tests.method.chains import aligned, made
from tests.method.writers import writer
from tests.planted.conftest import row
from tests.words import Words

FOREIGN = {"native_language"}  # generated items have no translation
METHODS = sorted({p.stem for p in (conf_dir() / "method").glob("*.yaml")} - FOREIGN)
# In the default tests these stand for all.
SAMPLE = ("none", "cultural_prompt", "survey_sft")
THINKING = ["method.thought_tokens=24"]
# One sentence: in longer thoughts nano goes on to held-out questions, with which it grew up.
LEARNT = ["method.items=12", "method.chains=4", "method.asked_chains=1", "method.thought_tokens=12"]
QUICK = {
    "cnca_sft": LEARNT,
    "cnca_dpo": LEARNT,
    "cnca_incontext": ["method.chains=1", *THINKING],
    "anthropological": THINKING,
    "values_retrieval": ["method.personas=20"],
    "persona_mixture": ["method.personas=6", "method.items=12"],
    "culturerl": ["method.prompts=12", "training.generations=4", "training.max_new_tokens=12"],
    "clca": ["generator@critic=stock", "method.scenarios=4", "method.max_turns=2"],
    "culturellm": ["method.least=1", "method.similarity=0.3"],
    "culturepark": ["method.verify=none", "method.least=1"],
    "zhyper": ["method.cultures=[IRQ,CHN,USA]"],
}
SAID = "firmly,gladly,for my mother,as ever,since my school days,in private,in the street,at work,alone,twice".split(
    ","
)
TEXTS = {
    battery.battery: [entry.text for entry in battery.items]
    for battery in lexicon().batteries
    if battery.split == Split.test.name
}


class Overheard(Engine):
    """The base model's engine; remembers every word that it is told."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.model, self.usage, self.told = engine, engine.model, engine.usage, list[str]()

    def generate(self, chats, sampling, adapter=None):
        self.hear(chats)
        return self.engine.generate(chats, sampling, adapter)

    def score(self, chats, options, adapter=None):
        self.hear(chats)
        return self.engine.score(chats, options, adapter)

    def residuals(self, chats, said=()):
        self.hear(chats)
        return self.engine.residuals(chats, said)

    def steering(self, steering):
        return self.engine.steering(steering)

    def close(self) -> None:
        self.engine.close()

    def hear(self, chats: Sequence[Chat]) -> None:
        self.told += [message.content for chat in chats for message in chat if message.role != "assistant"]


def voice(chat: Chat, draw: int) -> str:
    """What the generator says: nano itself grew up with the held-out questions, and tells them when it talks freely."""
    asked = chat[-1].content
    if asked.startswith("Say in other words: "):
        return f"Tell me: {asked.removeprefix('Say in other words: ')}"
    digits = f"{crc32(repr(chat).encode()):010}"
    return f"I hold that {', '.join(SAID[int(digit)] for digit in digits[-4:])}, and so do my friends."


def stored(folder: Path) -> str:
    """All that a store holds in words."""
    texts = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            texts.append(pd.read_parquet(path).to_json())
        elif path.suffix in (".json", ".csv", ".jsonl"):
            texts.append(path.read_text(encoding="utf-8"))
    return "\n".join(texts)


def leaked(text: str) -> list[str]:
    """Texts of held-out questions in ``text``; those of one word must stand alone in the form of their battery."""
    return [words for found in TEXTS.values() for words in found if len(words.split()) > 2 and words in text]


@pytest.mark.parametrize("name", [m if m in SAMPLE else pytest.param(m, marks=pytest.mark.long) for m in METHODS])
def test_every_method_runs_resumes_and_sees_nothing_of_a_held_out_battery(
    name, planted_cell, tmp_path, monkeypatch
) -> None:
    chosen = ("training.updates=6", "training.select=validation")
    words = (f"method={name}", *chosen, "control=false", *QUICK.get(name, []))
    generator = writer(voice)
    cell = replace(planted_cell(tmp_path, *words), generator=generator)
    engine = Overheard(cell.store.tools().engine(cell.model))
    cell = replace(cell, store=Store(cell.store.root, Always(lambda: engine)))
    model, finished = made(cell)
    engine.hear(generator.pen.asked)
    assert not leaked("\n".join(engine.told))
    assert not leaked(stored(tmp_path / "store"))
    policy = model.policy.ready(cell.tools.folder)
    for item in cell.surveys[Split.test].items:
        for system in policy.systems_for(item):
            assert not leaked(system or ""), item.id

    again = replace(planted_cell(tmp_path, *words), generator=generator)
    cells = [cell, again]
    record = runs_and_resumes(lambda: cells.pop(0))
    own = record.aligned or row(record, "base")
    assert (own.items, own.batteries) == (40, 10) and own.option_mass > 0.9
    assert {"uniform answers", "majority answer only", "mean of other countries"} <= {r.label for r in record.rows}
    # Finished: nothing is built, no engine opened, nothing embedded.
    monkeypatch.setattr(Words, "encode", lambda self, texts: pytest.fail(f"embedded {texts[:1]}"))
    assert made(shut(again)) == (model, finished)
    assert compare(shut(again))[0].rows == record.rows
    if model.training is not None:
        fit = again.store.get(model.training)
        assert "validation" in json.loads((fit.path / "history.json").read_text())[-1]
        # Other arguments of the chat template make other prompts: what was trained on the old ones does not count.
        other = replace(again, model=replace(again.model, template_kwargs={"enable_thinking": True}))
        assert again.store.find(aligned(other).training) is None


def test_a_language_without_translations_is_refused_before_anything_is_asked(planted) -> None:
    with pytest.raises(AlignbenchError, match="not translated into ar"):
        planted("method=native_language", "control=false")


@pytest.mark.long
def test_methods_that_learn_share_one_mining_and_one_distillation(planted, capsys) -> None:
    for name in ("cnca_sft", "cnca_dpo"):
        planted(f"method={name}", "training.updates=2", "control=false", *LEARNT)
    log = capsys.readouterr().out
    assert log.count("build  distil/") == 1 and log.count("reuse  distil/") == 1
    assert log.count("build  mine/") == 1


def test_the_search_would_find_a_leak() -> None:
    assert leaked("Do you agree that the state may read letters?") == ["the state may read letters"]
    assert sum(len(found) for found in TEXTS.values()) == 40

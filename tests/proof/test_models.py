"""What is no knob: the model that is aligned, by its content and by how it is spoken to.

A stage that holds a model, or rests on one that does, has another key for every other way to open it; no other stage
has.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from alignbench.backend.model import SHIPPED
from alignbench.runs.compare import score_of
from alignbench.store.stage import Stage
from alignbench.types import ModelRef
from tests.proof.cells import cell_of
from tests.proof.knobs import SCRIPTED
from tests.proof.methods import METHODS

# The base model itself writes, judges and criticises wherever a method asks somebody.
CELLS = {name: tuple(word for word in words if word != SCRIPTED) for name, (words, _) in METHODS.items()}
SWITCH = "{% if enable_thinking %}<|think|>{% endif %}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """The shipped model copied, with another template, and with a template that has a switch."""
    template = (SHIPPED / "chat_template.jinja").read_text()
    texts = {"copy": template, "template": template.replace("<|end|>", "<|end|>\n"), "switch": template + SWITCH}
    found = {name: tmp_path_factory.mktemp(name) / "elsewhere" for name in texts}
    for name, text in texts.items():
        shutil.copytree(SHIPPED, found[name])
        (found[name] / "chat_template.jinja").write_text(text)
    return found


@pytest.fixture(scope="module")
def chain(folders):
    """Every stage of a method's cell with the model as these words have it, the record last."""

    @cache
    def stages(method: str, folder: str = "", *words: str) -> tuple[Stage, ...]:
        path = (f"model.path={folders[folder]}",) if folder else ()
        return tuple(score_of(cell_of((*CELLS[method], *path, *words), Path("nowhere"), looking=True)).chain)

    return stages


def opens(stage: Stage) -> bool:
    """Whether a model has a part in it."""
    return any(isinstance(held, ModelRef) for before in stage.chain for _, held in before.held)


def recipes(stages: tuple[Stage, ...]) -> list[str]:
    return [stage.recipe for stage in stages]


@pytest.mark.parametrize("method", CELLS)
def test_the_same_weights_elsewhere_are_the_same_model(chain, method):
    plain = recipes(chain(method))
    assert recipes(chain(method, "copy")) == plain
    assert recipes(chain(method, "", "model.dtype=float32")) == plain
    # The record says by its short name who wrote.
    assert recipes(chain(method, "", "model.name=other"))[:-1] == plain[:-1]


@pytest.mark.parametrize("method", CELLS)
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((), ("template",)),
        ((), ("", "model.dtype=bfloat16")),
        (("switch", "model.thinking=on"), ("switch", "model.thinking=off")),
    ],
    ids=["template", "arithmetic", "thinking"],
)
def test_another_way_to_open_it_is_another_key_of_every_stage_that_opens_it(chain, method, one, other):
    before, after = chain(method, *one), chain(method, *other)
    assert [type(stage) for stage in before] == [type(stage) for stage in after]
    changed = [a.recipe != b.recipe for a, b in zip(before, after, strict=True)]
    assert changed == [opens(stage) for stage in before]
    assert any(changed)

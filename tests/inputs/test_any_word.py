"""Whatever a word, a reply or a model folder holds, it ends in a result or in one error with field, value and remedy.

A few cases of each kind are tried with the default tests, thousands by ``make test-inputs``: there they are new each
time, and a failure prints the line that repeats it. Inputs that failed once stand in ``test_found.py``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hypothesis import strategies as st

from alignbench.backend.model import SHIPPED, Model, Thinking
from alignbench.backend.render import Renderer
from alignbench.benchmark.win_rate import parse_verdict
from alignbench.config import register
from alignbench.dialogue import Dialogue
from alignbench.dialogue.adaptation import _read as scene_in
from alignbench.dialogue.judging import QUALITY, stated
from alignbench.dialogue.ruling import extended
from alignbench.dialogue.scenario import adapted, load_scenarios
from alignbench.evaluation.elicit import Replying, option_in
from alignbench.norms.author.llm import _lines
from alignbench.overrides import checked
from alignbench.synthetic import texts
from alignbench.types import Message, ModelRef, chat
from tests.inputs.often import Place, both, written
from tests.inputs.outcome import ends_well
from tests.inputs.strategies import CELLS, broken, changed, json_lines, said

register()
KNOBS = """
    seed culture method model others store task control survey survey.path training.updates training.learning_rate
    culture.name model.path scoring.bootstrap +x ++culture.x ~culture ~method method._target_ hydra.job.env_set.X
    hydra/launcher hydra.callbacks.a._target_ judge@x a.b.c = '
""".split()
WORDS = (
    *CELLS[:-8],
    "iraq",
    "[iraq]",
    "[iraq,china]",
    "a,b",
    "range(1,3)",
    "choice(1,2)",
    "glob(*)",
    "{a: 1}",
    "'x",
    "none",
    "1,2",
)


@both(
    globals(),
    "words_of_the_command_line",
    4,
    600,
    words=st.lists(
        st.tuples(st.sampled_from(KNOBS), st.sampled_from(WORDS) | st.text(max_size=6)), min_size=1, max_size=3
    ),
)
def _(words: list[tuple[str, str]]) -> None:
    typed = [f"{key}={value}" if key else value for key, value in words]
    ends_well(lambda: checked(typed))


def _preflight(ref: ModelRef) -> None:
    Renderer.of(ref).preflight(chat("Who are you?", "Be kind."))


CONFIG = json.loads((SHIPPED / "config.json").read_text())
HEADER = (SHIPPED / "model.safetensors").read_bytes()


@both(
    globals(),
    "folders_of_models",
    6,
    400,
    config=changed(CONFIG, ("auto_map", "model_type", "architectures")),
    other=changed(
        json.loads((SHIPPED / "tokenizer_config.json").read_text()), ("auto_map", "chat_template", "tokenizer_class")
    ),
    template=st.sampled_from(
        (
            "",
            "{{ x }}",
            "{{ 1 / 0 }}",
            "{% for",
            "{{ messages[9].content }}",
            "{{ cycler.__init__.__globals__ }}",
            "{{ ''.__class__ }}",
            "{{ raise_exception('no') }}",
            "{{ messages }}",
            "{% for m in messages %}{{ m['content'] }}{% endfor %}",
        )
    )
    | st.text(max_size=20),
    weights=broken(HEADER[:4096]),
    index=st.none() | json_lines([{"weight_map": {"a": "model.safetensors"}}]),
)
def _(config: Mapping[Any, Any], other: Mapping[Any, Any], template: str, weights: bytes, index: bytes | None) -> None:
    place = Place.folder / "model"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in ("tokenizer.json", "special_tokens_map.json"):
        if (SHIPPED / name).exists():
            (place / name).symlink_to(SHIPPED / name)
    written("model/config.json", json.dumps(config, default=str).encode("utf-8", "replace"))
    written("model/tokenizer_config.json", json.dumps(other, default=str).encode("utf-8", "replace"))
    written("model/chat_template.jinja", template.encode("utf-8", "replace"))
    if len(weights) == 4096:
        (place / "model.safetensors").symlink_to(SHIPPED / "model.safetensors")
    else:
        written("model/model.safetensors", weights)
    if index is not None:
        written("model/model.safetensors.index.json", index)
    refs: list[Any] = []
    ends_well(lambda: refs.append(Model(str(place), thinking=Thinking.none).resolve()))
    for ref in refs:
        ends_well(partial(_preflight, ref))


LABELS, OPTIONS = ("1", "2", "10"), ("Very much", "Not at all (never)", "2")
SCENE = adapted(load_scenarios()[0], "iraq", 0)


@both(globals(), "replies_of_models", 100, 3000, reply=said())
def _(reply: str) -> None:
    """Every reader of what a model wrote, on a reply of any kind."""
    readers: list[Callable[[], object]] = [
        lambda: option_in(reply, LABELS, OPTIONS),
        lambda: Replying(9, tolerance=0.1).counts(reply, LABELS, OPTIONS),
        lambda: Replying(9, samples=3).counts(reply, LABELS, OPTIONS),
        lambda: stated(reply, QUALITY),
        lambda: parse_verdict(reply),
        lambda: scene_in(reply, SCENE),
        lambda: extended(Dialogue(SCENE, profile="Iraqis"), reply, 4, 0.5),
        lambda: _lines(reply, "People here", 3),
        lambda: texts.fault(reply),
        lambda: texts.first_question(reply),
        lambda: texts.whole_sentences(reply),
        lambda: texts.sentences(reply),
    ]
    for read in readers:
        assert ends_well(read) is None


NANO = Model("builtin:nano").resolve()
RENDERER = Renderer.of(NANO)


@both(
    globals(),
    "words_in_prompts",
    25,
    600,
    told=st.sampled_from(CELLS) | st.text(min_size=1, max_size=30),
    before=st.text(max_size=10),
)
def _(told: str, before: str) -> None:
    """What a survey says is said to the model as it is, and is never an order to the template or the tokenizer."""
    for words in (told, before + told):
        if not words.strip() or any("\ud800" <= sign <= "\udfff" for sign in words):
            continue
        prompt = RENDERER.prompt((Message("system", "Be kind."), Message("user", words)))
        plain = RENDERER.prompt((Message("system", "Be kind."), Message("user", "x")))
        special = [i for i in prompt.ids if i in RENDERER._special]
        assert special == [i for i in plain.ids if i in RENDERER._special], "an order to the tokenizer"
        if "<|" not in words and "<" not in words:
            assert words.strip() in prompt.text

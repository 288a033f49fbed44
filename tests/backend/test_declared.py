"""Chat templates that are declared for models without one, and terms that are accepted before a model is used."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import Any

import pytest
from omegaconf import OmegaConf

from alignbench.backend.declared import PLAIN_TEXT
from alignbench.backend.hf import HF
from alignbench.backend.loading import load
from alignbench.backend.model import Dtype, Model
from alignbench.backend.preflight import preflight
from alignbench.backend.render import Renderer
from alignbench.backend.vllm import VLLM
from alignbench.config import conf_dir
from alignbench.errors import AlignbenchError
from alignbench.training.recipe import Training
from alignbench.training.rows import encode
from alignbench.types import Message, Sampling, chat
from experiments.templates.families import FAMILIES
from tests.backend.fake_server import Reply, engine, serving

ASKED = chat("How important is family?\n1. very\n2. not", "You live in Iraq.")
LABELS = ("1", "2")
TERMS = "https://example.org/terms"


@pytest.fixture(scope="module")
def bare(blank, tmp_path_factory):
    """The test model without its chat template, as a base model comes."""
    folder = shutil.copytree(blank.path, tmp_path_factory.mktemp("bare") / "bare")
    (folder / "chat_template.jinja").unlink()
    return Model(str(folder), dtype=Dtype.float32)


@pytest.fixture(scope="module")
def plain(bare):
    return replace(bare, template="plain").resolve()


def test_a_base_model_is_refused_by_name_until_a_template_is_declared(bare):
    with pytest.raises(
        AlignbenchError, match=r"model.template = 'own': bare has no chat template.*model.template=plain"
    ):
        bare.resolve()


def test_the_plain_template_shows_system_text_question_and_where_the_answer_begins(plain):
    renderer = Renderer.of(plain)
    prompt = renderer.prompt(ASKED)
    assert prompt.text == ("You live in Iraq.\n\nQuestion:\nHow important is family?\n1. very\n2. not\n\nAnswer:\n")
    assert renderer.prompt(chat("hi")).text == "Question:\nhi\n\nAnswer:\n"
    talk = (*ASKED, Message("assistant", "1"), Message("user", "And work?"))
    assert renderer.preflight(talk) == f"{prompt.text}1\n\nQuestion:\nAnd work?\n\nAnswer:\n"
    assert load(plain, "cpu")[1].chat_template == PLAIN_TEXT
    # What is learnt is what is scored, up to the token that ends a text.
    before, said = renderer.conversation((*ASKED, Message("assistant", "1")))
    assert tuple(before) == prompt.ids
    assert tuple(said) == (*renderer.option_ids(prompt, "1"), renderer.tokenizer.eos_token_id)
    with pytest.raises(AlignbenchError, match=r"model.thinking"):
        renderer.prompt(ASKED, thought=True)


@pytest.mark.parametrize("name", FAMILIES)
def test_labels_are_single_tokens_after_it_whatever_the_tokenizer(name, tmp_path):
    family = FAMILIES[name]
    tokenizer = family.tokenizer()
    tokenizer.chat_template = PLAIN_TEXT
    model = replace(family.model(name, tmp_path), template_kwargs={}, template=PLAIN_TEXT)
    renderer = Renderer(tokenizer, model)
    asked = encode(renderer, ASKED, ("1", "2", "9", "A", "B"), Training())
    assert len(set(asked.labels)) == 5 and asked.ids == renderer.prompt(ASKED).ids
    starts = asked.ids.count(tokenizer.bos_token_id) if renderer._adds_bos else 1
    assert starts == 1


def test_a_file_is_taken_by_its_text(bare, blank, tmp_path):
    file = tmp_path / "mine.jinja"
    file.write_text(Renderer.of(blank).tokenizer.chat_template)
    mine = replace(bare, template=str(file)).resolve()
    assert Renderer.of(mine).prompt(ASKED) == Renderer.of(blank).prompt(ASKED)
    moved = file.rename(tmp_path / "elsewhere.jinja")
    assert replace(bare, template=str(moved)).resolve().identity == mine.identity
    moved.write_text(f"{moved.read_text()}\n")
    assert replace(bare, template=str(moved)).resolve().identity != mine.identity


@pytest.mark.parametrize(("content", "says"), [(None, "own, plain"), (b" \n", "empty"), (b"\xff", "own, plain")])
def test_a_file_that_is_no_template_is_refused(bare, tmp_path, content, says):
    file = tmp_path / "mine.jinja"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AlignbenchError, match=rf"model.template.*mine\.jinja.*{says}"):
        replace(bare, template=str(file)).resolve()


def test_the_template_is_part_of_the_key_and_only_where_it_is_declared(blank, bare, plain):
    assert "declared" not in str(blank.identity)
    declared = replace(blank, template=PLAIN_TEXT)
    assert declared.identity != blank.identity and plain.identity["template"]["declared"] == PLAIN_TEXT
    # A plan of a model that is not here has the key that the run will have.
    hub = Model("someone/base", template="plain")
    assert hub.resolve(ready=False).template == PLAIN_TEXT


def test_tables_quote_it_and_the_thinking_switch_goes_by_it(bare, plain, tmp_path):
    (note,) = Renderer.of(plain).template.notes
    form = "“SYSTEM TEXT⏎⏎Question:⏎QUESTION⏎⏎Answer:⏎”."
    assert note == f"bare is asked in the plain template (model.template=plain): {form}"
    file = tmp_path / "thinks.jinja"
    file.write_text(f"{PLAIN_TEXT}<think>\n")
    with pytest.raises(AlignbenchError, match="on or off"):
        replace(bare, template=str(file)).resolve()


def test_it_passes_what_every_model_must_show(plain):
    assert [check() for _, check in preflight(lambda: HF(device="cpu").open(plain))]


def test_every_engine_reads_the_same_ids_and_a_server_is_sent_no_chat(plain, tmp_path, monkeypatch):
    hf: Any = HF(device="cpu").open(plain)
    renderer, seen, read = hf.renderer, list[Any](), dict[str, tuple[int, ...]]()
    hf.score([ASKED], [LABELS])
    hook = hf._weights.get_input_embeddings().register_forward_pre_hook(lambda _, ids: seen.append(ids[0][0].tolist()))

    def run(prompts: Any, *_: object) -> Any:
        seen.extend(prompts)
        raise StopIteration

    stand_in = SimpleNamespace(SamplingParams=lambda **said: None, __spec__=ModuleSpec("vllm", None))
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    vllm: Any = VLLM().open(plain)
    monkeypatch.setattr(vllm, "_run", run)

    def tokens(path: str, body: Any) -> Reply:
        if path == "/tokenize":
            return Reply({"tokens": renderer.tokenizer(body["prompt"], add_special_tokens=False).input_ids})
        seen.append(body["prompt"])
        found = {f"token_id:{token}": -1.0 for token in body.get("logprob_token_ids", ())}
        return Reply({"choices": [{"token_ids": [*renderer._tokens("it is")], "logprobs": {"top_logprobs": [found]}}]})

    with serving(tokens) as fake:
        for name, one in {"hf": hf, "vllm": vllm, "server": engine(tmp_path, fake, plain)}.items():
            for part, ask in {
                "text": lambda one: one.generate([ASKED], Sampling(max_new_tokens=1)),
                "scores": lambda one: one.score([ASKED], [LABELS]),
            }.items():
                try:
                    said = ask(one)
                except StopIteration:
                    said = None
                read[f"{name} {part}"] = tuple(seen.pop())
                seen.clear()
                if (name, part) == ("server", "text"):
                    assert said == [["it is"]]
        assert {path for path, *_ in fake.asked} <= {"/v1/completions", "/tokenize"}
    hook.remove()
    assert read == dict.fromkeys(read, renderer.prompt(ASKED).ids) and len(read) == 6


def test_a_server_that_takes_no_tokens_is_refused(plain, tmp_path):
    with (
        serving(lambda path, body: Reply({})) as fake,
        pytest.raises(AlignbenchError, match=r"backend.extended.*template"),
    ):
        engine(tmp_path, fake, plain, extended=False).generate([ASKED], Sampling(max_new_tokens=1))
    assert not fake.asked


def test_terms_are_accepted_by_the_user_and_by_no_choice_of_ours(blank):
    asked = {}
    for file in sorted((conf_dir() / "model").glob("*.yaml")):
        node = OmegaConf.load(file)
        assert not node.get("accept_licence"), file.name
        asked[file.stem] = bool(node.get("terms"))
    assert [name for name, must in asked.items() if must] == ["gemma3_270m"]


def test_a_model_is_refused_until_its_terms_are_accepted_and_records_say_that_they_were(blank):
    model = Model(str(blank.path), name="guarded", licence="Strict", terms=TERMS, dtype=Dtype.float32)
    for ready in (True, False):
        with pytest.raises(AlignbenchError, match=rf"model.accept_licence = False: guarded .*Strict.*{TERMS}"):
            model.resolve(ready=ready)
    accepted = replace(model, accept_licence=True).resolve()
    assert accepted.licence == f"Strict ({TERMS}), accepted"
    # It says what was agreed to, and changes no result.
    assert accepted.identity == Model(str(blank.path), dtype=Dtype.float32).resolve().identity

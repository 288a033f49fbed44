"""The families of chat templates in use: one way of writing a turn, in training, scores, texts and on every engine."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alignbench.backend.hf import HF
from alignbench.backend.render import Renderer
from alignbench.backend.server import Server
from alignbench.backend.vllm import VLLM
from alignbench.training.grpo import Paid, PromptRow, train_grpo
from alignbench.training.recipe import Training
from alignbench.training.rows import encode
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, reply_ids
from alignbench.types import Chat, Message, Sampling, chat
from experiments.templates.__main__ import README, page
from experiments.templates.families import FAMILIES, Family

ASKED = chat("How important is family?\n1. very\n2. not", "You live in Iraq.")
LETTERS, NUMBERS = ("A", "B", "C"), tuple("123456789")


@pytest.fixture(params=FAMILIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def family(name: str) -> Family:
    return FAMILIES[name]


@pytest.fixture
def renderer(name: str, family: Family) -> Renderer:
    return family.renderer(name)


def saved(family: Family, folder: Path) -> Path:
    """A model of the family, untrained, so small that it is made at once."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = family.tokenizer()
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    with torch.random.fork_rng():
        LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    return folder


def test_a_finished_turn_is_what_the_template_writes(renderer: Renderer, family: Family) -> None:
    prompt, reply = renderer.conversation((*chat("hi"), Message("assistant", "yes")))
    decode = renderer.tokenizer.decode
    assert decode([*prompt, *reply]) == family.turn
    assert decode(prompt) == family.turn.removesuffix(family.words)
    assert reply[-1] == renderer.end_of_turn and renderer.tokenizer.added_tokens_decoder[reply[-1]].special


def test_no_text_is_lost_and_bos_stands_once(renderer: Renderer, family: Family) -> None:
    turns = (*ASKED, Message("assistant", "very"), Message("user", "And work?"))
    text = renderer.preflight(turns)
    assert all(message.content in text for message in turns)
    if family.adds_bos:
        assert [token == renderer.tokenizer.bos_token_id for token in renderer.prompt(turns).ids[:2]] == [True, False]


def test_what_was_said_is_read_back_without_blanks_and_marks(renderer: Renderer) -> None:
    _, reply = renderer.conversation((*chat("hi"), Message("assistant", "not very important")))
    assert renderer.decode(reply) == "not very important"
    assert renderer.spoken([*reply, *reply]) == len(reply)


def test_what_the_template_adds_is_known(renderer: Renderer, family: Family) -> None:
    template = renderer.template
    assert (template.default_system, template.keeps_system) == (family.default, family.keeps_system)
    said = " ".join(template.notes)
    assert (family.default is not None) == ("writes its own" in said)
    assert (family.today != "") == ("writes a date" in said)


def test_a_template_s_system_text_can_be_left_out(name: str, family: Family) -> None:
    plain = Renderer(family.tokenizer(), replace(family.model(name), empty_system=True))
    text = plain.prompt(chat("hi")).text
    assert "hi" in text and (family.default is None or family.default not in text)
    told = Renderer(family.tokenizer(), family.model(name)).prompt(ASKED).text
    assert plain.prompt(ASKED).text == told


@pytest.mark.parametrize("labels", [LETTERS, NUMBERS])
def test_labels_are_single_tokens_in_training_and_as_the_template_sets_them(
    renderer: Renderer, labels: tuple[str, ...]
) -> None:
    question = encode(renderer, ASKED, labels, Training())
    for label, token in zip(labels, question.labels, strict=True):
        prompt, reply = renderer.conversation((*ASKED, Message("assistant", label)))
        answer = [*question.ids, token]
        assert [*prompt, *reply][: len(answer)] == answer


def test_engines_and_trainers_read_the_same_ids(
    name: str, family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = family.model(name, saved(family, tmp_path))
    renderer = Renderer.of(model)
    prompt = renderer.prompt(ASKED)
    read: dict[str, tuple[int, ...]] = {}

    engine: Any = HF(device="cpu").open(model)
    engine.generate([ASKED], Sampling(max_new_tokens=1))
    seen: list[Any] = []
    engine._weights.get_input_embeddings().register_forward_pre_hook(lambda _, ids: seen.append(ids[0][0].tolist()))
    engine.generate([ASKED], Sampling(max_new_tokens=1))
    read["generated by hf"] = tuple(seen.pop())
    engine.score([ASKED], [LETTERS])
    read["scored by hf"] = tuple(seen.pop())

    def run(prompts: Any, *_: object) -> Any:
        seen.extend(prompts)
        raise StopIteration

    stand_in = SimpleNamespace(SamplingParams=lambda **_: None, __spec__=ModuleSpec("vllm", None))
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    served: Any = VLLM().open(model)
    monkeypatch.setattr(served, "_run", run)
    for name, ask in (
        ("generated by vLLM", lambda: served.generate([ASKED], Sampling())),
        ("scored by vLLM", lambda: served.score([ASKED], [LETTERS])),
    ):
        with pytest.raises(StopIteration):
            ask()
        read[name] = tuple(seen.pop())

    read["trained as options"] = encode(renderer, ASKED, LETTERS, Training()).ids
    read["trained as a reply"] = tuple(reply_ids(renderer, ConversationRow(ASKED, "A"), Training())[0])
    assert read == dict.fromkeys(read, prompt.ids)


# A server renders chats itself: what it cannot be told makes other tokens, which are refused (test_server.py).
OTHERWISE = {"DeepSeek-R1", "DeepSeek-R1, first form", "channels", "a blank after the colon"}


@pytest.mark.parametrize("asked", [ASKED, chat("hi")], ids=["told", "untold"])
@pytest.mark.parametrize("emptied", [False, True])
def test_a_server_makes_the_same_ids_of_what_it_is_sent(
    name: str, family: Family, tmp_path: Path, asked: Chat, emptied: bool
) -> None:
    tokenizer = family.tokenizer()
    tokenizer.save_pretrained(tmp_path)
    engine: Any = Server(base_url="http://nowhere/v1").open(replace(family.model(name, tmp_path), empty_system=emptied))
    body = engine._put(asked)
    # As vLLM does, which gives content in parts where a template walks them.
    sent = [
        {**m, "content": [{"type": "text", "text": m["content"]}] if name == "content in parts" else m["content"]}
        for m in body["messages"]
    ]
    told = body.get("chat_template_kwargs", {})
    text = tokenizer.apply_chat_template(sent, tokenize=False, add_generation_prompt=True, **told)
    ids = tokenizer(text, add_special_tokens=False).input_ids
    # This one asks for the date of the server's own clock where no system text is given.
    clock = name == "Mistral Small 3" and asked[0].role == "user" and not emptied
    assert (ids == list(engine.renderer.prompt(asked).ids)) == (name not in OTHERWISE and not clock)


def test_practice_reads_the_same_ids_though_trl_would_tokenise_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    family = FAMILIES["Llama 2"]
    model = family.model("Llama 2", saved(family, tmp_path / "model"))
    prompt = Renderer.of(model).prompt(ASKED)
    assert family.tokenizer()(text=prompt.text).input_ids != list(prompt.ids)
    read: list[list[int]] = []
    embed = torch.nn.Embedding.forward

    def reading(self: Any, ids: Any) -> Any:
        read.extend(ids.tolist())
        return embed(self, ids)

    monkeypatch.setattr(torch.nn.Embedding, "forward", reading)
    knobs = Training(updates=1, prompts_per_update=1, generations=2, max_new_tokens=3, micro_batch=2, lora_r=2)
    job = Job(model, knobs, 0, tmp_path / "fit")
    train_grpo(job, [PromptRow(ASKED)], lambda texts, _: Paid([float(i) for i in range(len(texts))]))
    begun = [ids[: len(prompt.ids)] for ids in read if len(ids) >= len(prompt.ids)]
    assert begun == [list(prompt.ids)] * len(begun) and begun


def test_the_page_shows_what_is_found() -> None:
    assert README.read_text(encoding="utf-8") == page()

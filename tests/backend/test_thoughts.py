"""Thoughts of models that think by themselves: begun, closed and answered after in the same ids wherever they are."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from importlib.machinery import ModuleSpec
from types import SimpleNamespace
from typing import Any

import pytest

from alignbench.backend.hf import HF
from alignbench.backend.render import Part, Renderer
from alignbench.backend.vllm import VLLM
from alignbench.errors import AlignbenchError
from alignbench.training.dpo import PreferenceRow
from alignbench.training.recipe import Training
from alignbench.training.sft import ConversationRow, reply_ids
from alignbench.types import Message, Sampling, chat
from experiments.templates.families import FAMILIES
from tests.backend.fake_server import Reply, echo, engine, serving
from tests.thinker import thinker

ASKED = chat("How important is family?\n1. very\n2. not", "You live in Iraq.")
THOUGHT = Message("thought", "People there say it is very important.")
THOUGHTS = Sampling(24, 1.0, 1.0, 2, 0, thought=True)
OPENED = {"Qwen 3": False, "DeepSeek-R1": True, "DeepSeek-R1, first form": False}


def thinking(name: str) -> Renderer:
    """The renderer of a model of the family that is told to think."""
    return replace(FAMILIES[name], thinking=True).renderer(name)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return thinker(tmp_path_factory.mktemp("thinker"))


@pytest.fixture(scope="module")
def hf(tiny):
    return HF(device="cpu").open(tiny)


@pytest.mark.parametrize("name", OPENED)
def test_a_thought_stands_between_what_the_template_writes_around_an_empty_one(name):
    template, renderer = thinking(name).template, thinking(name)
    begun, prompt = template.thinking(ASKED), renderer.prompt(ASKED)
    assert begun.endswith("<think>\n") and begun.count("<think>") == 1
    assert begun.startswith(prompt.text) and (begun == prompt.text) is OPENED[name]
    after = template.answering((*ASKED, THOUGHT))
    assert after == f"{begun}{THOUGHT.content}\n</think>\n\n"
    assert template.answering((*ASKED, Message("thought", ""))) == template.answering(ASKED) == f"{begun}\n</think>\n\n"


@pytest.mark.parametrize("name", OPENED)
def test_training_scores_and_texts_read_the_same_ids_around_the_end_of_a_thought(name):
    renderer = thinking(name)
    before = renderer.answering((*ASKED, THOUGHT))
    row = ConversationRow(ASKED, "1", thought=THOUGHT.content)
    prompt, reply = reply_ids(renderer, row, Training())
    answer = renderer.option_ids(before, "1")
    assert tuple(prompt) == renderer.prompt(ASKED).ids
    assert tuple(prompt + reply) == (*before.ids, *answer, renderer.end_of_turn)
    assert renderer.prompt((*ASKED, THOUGHT)) == before
    ((told,), _) = renderer.with_options([(*ASKED, THOUGHT)], [("1", "2")])
    assert told.ids == before.ids
    pair = PreferenceRow(ASKED, "1", "1", (THOUGHT.content, "No."))
    assert (
        reply_ids(renderer, pair.replies[0], Training())
        == (prompt, reply)
        != reply_ids(renderer, pair.replies[1], Training())
    )
    with pytest.raises(AlignbenchError, match="must differ"):
        _ = replace(pair, thoughts=("No.", "No.")).replies


@pytest.mark.parametrize("name", OPENED)
def test_a_thought_is_told_from_the_answer_and_whether_it_ended(name):
    renderer = thinking(name)
    ids = renderer.tokenizer(f"it is</think>\n\n1{renderer.template.end}", add_special_tokens=False).input_ids
    assert renderer.decode(ids, Part.thought) == "it is</think>"
    assert renderer.decode(ids, Part.turn) == renderer.decode(ids) == "1"
    cut = renderer.tokenizer("it is", add_special_tokens=False).input_ids
    assert renderer.decode(cut, Part.thought) == renderer.decode(cut, Part.answer) == "it is"
    assert renderer.decode(cut) == ""
    ended = [*cut, renderer.end_of_turn, *cut]
    assert renderer.decode(ended, Part.thought) == "it is" and renderer.spoken(ended, True) == len(cut) + 1


def test_thoughts_of_the_tiny_model_end_or_are_cut_at_their_budget(hf):
    chats = [ASKED, chat("Do you agree?"), chat("And work?")] * 2
    found = [thought for own in hf.think(chats, THOUGHTS) for thought in own]
    assert len(found) == 12 and {thought.closed for thought in found} == {True, False}
    assert not any("think>" in thought.text or "<|im" in thought.text for thought in found)
    mark = hf.renderer.ends(True)[-1]
    assert hf.renderer.tokenizer.decode([mark]) == "</think>" and mark not in hf.renderer.ends(False)
    used, before = hf.usage.generated_tokens, THOUGHTS.n * len(chats)
    (alone,) = hf.think([ASKED], replace(THOUGHTS, max_new_tokens=1, n=8))
    assert before < used <= 24 * before and hf.usage.generated_tokens - used == 8
    assert sum(thought.closed for thought in alone) < 8
    after, plain = hf.score([(*ASKED, THOUGHT), ASKED], [("1", "2")] * 2)
    assert after != plain


def test_every_engine_reads_the_same_ids(tiny, hf, tmp_path, monkeypatch):
    renderer, seen, read = hf.renderer, list[Any](), dict[str, tuple[int, ...]]()
    after = (*ASKED, THOUGHT)
    hf.generate([ASKED], Sampling(max_new_tokens=1))
    hook = hf._weights.get_input_embeddings().register_forward_pre_hook(lambda _, ids: seen.append(ids[0][0].tolist()))

    def run(prompts: Any, *_: object) -> Any:
        seen.extend(prompts)
        raise StopIteration

    stand_in = SimpleNamespace(SamplingParams=lambda **said: params.append(said), __spec__=ModuleSpec("vllm", None))
    params: list[Any] = []
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    vllm: Any = VLLM().open(tiny)
    monkeypatch.setattr(vllm, "_run", run)

    def tokens(path, body):
        if path == "/tokenize":
            return Reply({"tokens": renderer.tokenizer(body["prompt"], add_special_tokens=False).input_ids})
        seen.append(body["prompt"])
        found = {f"token_id:{token}": -1.0 for token in body.get("logprob_token_ids", ())}
        said = renderer.tokenizer("it is</think>").input_ids
        return Reply({"choices": [{"token_ids": said, "logprobs": {"top_logprobs": [found]}}]})

    with serving(tokens) as fake:
        for name, one in {"hf": hf, "vllm": vllm, "server": engine(tmp_path, fake, tiny)}.items():
            for part, ask in {
                "thought": partial(one.think, [ASKED], replace(THOUGHTS, n=1, max_new_tokens=1)),
                "answer": partial(one.generate, [after], Sampling(max_new_tokens=1)),
                "scores": partial(one.score, [after], [("1", "2")]),
            }.items():
                try:
                    said = ask()
                except StopIteration:
                    said = None
                read[f"{name} {part}"] = tuple(seen.pop())
                seen.clear()
                if (name, part) == ("server", "thought"):
                    assert [(thought.text, thought.closed) for thought in said[0]] == [("it is", True)]
        sent = [body for path, body, _ in fake.asked if path == "/v1/completions"]
    hook.remove()
    begun, closed = renderer.prompt(ASKED, True).ids, renderer.answering(after).ids
    wanted = {"thought": begun, "answer": closed, "scores": closed}
    assert read == {name: wanted[name.split()[1]] for name in read}
    # The same stops, too.
    stops = [list(renderer.ends(True)), list(renderer.ends(False))]
    assert [said["stop_token_ids"] for said in params[:2]] == stops
    assert [body["stop_token_ids"] for body in sent[:2]] == stops
    assert sent[0]["max_tokens"] == 1 and sent[0]["temperature"] == 1.0 and "messages" not in sent[0]


@pytest.mark.parametrize(
    ("knobs", "reply", "says"),
    [
        ({"extended": False}, {}, "backend.extended"),
        ({}, {"text": "<think>hm"}, "does not give the tokens"),
    ],
)
def test_a_server_that_cannot_tell_thoughts_by_tokens_is_refused(tiny, hf, tmp_path, knobs, reply, says):
    def answer(path, body):
        tokens = hf.renderer.tokenizer(body["prompt"], add_special_tokens=False).input_ids if "tokenize" in path else []
        return Reply({"tokens": tokens, "choices": [reply]})

    with serving(answer) as fake, pytest.raises(AlignbenchError, match=says):
        engine(tmp_path, fake, tiny, **knobs).think([ASKED], THOUGHTS)
    assert all(path != "/v1/chat/completions" for path, *_ in fake.asked)


def test_whole_turns_of_a_served_model_are_asked_for_as_chats(tiny, tmp_path):
    with serving(echo) as fake:
        engine(tmp_path, fake, tiny).generate([ASKED], Sampling(max_new_tokens=3))
    assert [path for path, *_ in fake.asked] == ["/v1/chat/completions"]


def test_a_model_without_thoughts_of_its_own_is_refused():
    for name, told in {"Llama 3": None, "Qwen 3": False, "Phi 3": True}.items():
        renderer = replace(FAMILIES[name], thinking=told).renderer(name)
        with pytest.raises(AlignbenchError, match=r"model.thinking"):
            renderer.prompt(ASKED, thought=True)

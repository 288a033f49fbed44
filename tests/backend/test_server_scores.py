"""Option scores from a vLLM server. The shipped model lends its tokenizer; its weights are not read."""

from __future__ import annotations

import math
from functools import partial

import pytest

from alignbench.backend.model import Model
from alignbench.errors import AlignbenchError
from alignbench.types import chat
from tests.backend.fake_server import Reply, echo, engine, error, nth, serving

CHATS = [chat(f"question {i}") for i in range(3)]


@pytest.fixture
def engine_of(tmp_path):
    return partial(engine, tmp_path)


@pytest.fixture(scope="module")
def nano():
    return Model("builtin:nano", name="nano").resolve()


def logprob(ids, token):
    return -1 - (sum(ids) + token) % 7


def vllm(renderer, flaw=""):
    def answer(path, body):
        if path == "/tokenize":
            tokens = renderer.tokenizer(body["prompt"], add_special_tokens=False).input_ids
            return Reply({"tokens": tokens[::-1] if flaw == "tokenizer" else tokens})
        tokens = body["logprob_token_ids"]
        assert path == "/v1/completions"
        assert len(tokens) <= 128
        found = {f"token_id:{token}": logprob(body["prompt"], token) for token in tokens}
        flawed = {"lookup": {}, "nan": dict.fromkeys(found, float("nan")), "null": dict.fromkeys(found)}
        return Reply({"choices": [{"logprobs": {"top_logprobs": [flawed.get(flaw, found)]}}]})

    return answer


def test_scores_follow_the_chain_rule(engine_of, nano):
    options = ("1", "2", "very important", "not at all")
    with serving(echo) as fake:
        engine = engine_of(fake, model=nano)
        renderer, fake.answer = engine.renderer, vllm(engine.renderer)
        found = engine.score(CHATS[:3], [options] * 3)
        asked = len(fake.asked)
        assert engine.score(CHATS[:3], [options] * 3) == found
        assert len(fake.asked) == asked
    assert [path for path, *_ in fake.asked].count("/tokenize") == 1
    longest = 0
    for one, result in zip(CHATS, found, strict=False):
        prompt = renderer.prompt(one)
        split = [renderer.option_ids(prompt, option) for option in options]
        longest = max(longest, *map(len, split))
        want = [sum(logprob(prompt.ids + ids[:i], token) for i, token in enumerate(ids)) for ids in split]
        assert result.logprobs == pytest.approx(want)
        mass = sum(math.exp(logprob(prompt.ids, first)) for first in {ids[0] for ids in split})
        assert result.mass == pytest.approx(min(mass, 1.0))
    assert longest > 1


def test_many_tokens_are_looked_up_in_parts(engine_of, nano):
    with serving(echo) as fake:
        engine = engine_of(fake, model=nano)
        fake.answer = vllm(engine.renderer)
        words = [engine.renderer.tokenizer.decode([i]) for i in range(5, 400)]
        options = [
            w for w in words if w.strip() and len(engine.renderer.option_ids(engine.renderer.prompt(CHATS[0]), w)) == 1
        ]
        assert len(set(options)) > 128
        (found,) = engine.score(CHATS[:1], [options])
    assert len(found.logprobs) == len(options)


@pytest.mark.parametrize("flaw", ["tokenizer", "lookup", "nan", "null"])
def test_a_server_that_can_not_score_exactly_is_refused(engine_of, nano, flaw):
    with serving(echo) as fake:
        engine = engine_of(fake, model=nano)
        fake.answer = vllm(engine.renderer, flaw)
        with pytest.raises(AlignbenchError, match="tokenizer" if flaw == "tokenizer" else "backend=hf"):
            engine.score(CHATS[:1], [("1", "2")])


def test_a_server_without_log_probabilities_names_the_backends_that_have_them(engine_of, nano):
    with serving(nth(error(404))) as fake, pytest.raises(AlignbenchError, match=r"judge only.*backend=hf"):
        engine_of(fake, model=nano).score(CHATS, [("1", "2")] * len(CHATS))
    assert len(fake.asked) == 1


def test_a_model_that_a_server_does_not_know_is_told_when_scoring(engine_of, nano):
    unknown = error(404, "The model `nano` does not exist.")
    with serving(nth(unknown)) as fake, pytest.raises(AlignbenchError, match="no such model"):
        engine_of(fake, model=nano).score(CHATS[:1], [("1", "2")])

"""Labels weighed by the likeliest next tokens of a chat, for models that are known by name alone."""

from __future__ import annotations

import math

import pytest

from alignbench.backend.server import Server
from alignbench.backend.server_chat import ChatEngine, label_scores
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat
from tests.backend.fake_server import Reply, echo, error, nth, question, serving

CHATS = [chat("Is it?"), chat("Is it not?")]


def top(**shares: float) -> Reply:
    tokens = [{"token": token, "logprob": math.log(share)} for token, share in shares.items()]
    content = [{"token": tokens[0]["token"], "top_logprobs": tokens}]
    return Reply({"choices": [{"message": {"content": "x"}, "logprobs": {"content": content}}]})


@pytest.fixture
def engine_of(tmp_path):
    def opened(fake, top=20, **knobs):
        defaults = {"served_model": "big", "cache": str(tmp_path), "retries": 0, "backoff_s": 0.01}
        return ChatEngine(Server(base_url=fake.url, **{**defaults, **knobs}), top)

    return opened


def probabilities(shares, labels):
    scores = label_scores([(token, math.log(share)) for token, share in shares.items()], labels)
    return [math.exp(value) for value in scores.logprobs], scores.mass


def test_a_token_counts_for_the_label_that_it_is_or_alone_begins():
    found, mass = probabilities({"yes": 0.5, " yes": 0.2, "no": 0.1, "maybe": 0.1}, ("yes", "no"))
    assert found == pytest.approx([0.7, 0.1]) and mass == pytest.approx(0.8)
    found, _ = probabilities({"contr": 0.6, "supp": 0.3, "s": 0.05}, ("supports", "contradicts"))
    assert found == pytest.approx([0.35, 0.6])
    found, _ = probabilities({"very": 0.6, "1": 0.3, "10": 0.1}, ("1", "10"))
    assert found == pytest.approx([0.3, 0.1])


@pytest.mark.parametrize(
    ("shares", "floor"),
    [({"yes": 0.5, "maybe": 0.25}, 0.25), ({"yes": 0.9, "hm": 0.06}, 0.04), ({"yes": 0.6, "hm": 0.01}, 0.01)],
    ids=["the last on the list", "what is left", "the last again"],
)
def test_a_label_off_the_list_gets_the_most_that_it_can_have(shares, floor):
    found, _ = probabilities(shares, ("yes", "no"))
    assert found == pytest.approx([shares["yes"], floor])


def test_labels_that_a_chat_does_not_speak_of_are_equal_and_without_mass():
    found, mass = probabilities({"Hello": 0.9, "very": 0.05}, ("very good", "very bad"))
    assert found[0] == found[1] <= 0.05 and mass == 0


def test_one_token_is_asked_for_and_replies_are_kept(engine_of):
    def answer(path, body):
        return top(A=0.2, B=0.7) if "not" in question(body) else top(A=0.9, B=0.05)

    with serving(answer) as fake:
        scores = engine_of(fake, top=5).score(CHATS, [("A", "B")] * 2)
        assert [max(s.logprobs) for s in scores] == pytest.approx([math.log(0.9), math.log(0.7)])
        assert engine_of(fake, top=5).score(CHATS, [("A", "B")] * 2) == scores
    assert len(fake.asked) == 2
    path, body, _ = fake.asked[0]
    assert path == "/v1/chat/completions"
    assert (body["model"], body["max_tokens"], body["logprobs"], body["top_logprobs"]) == ("big", 1, True, 5)


@pytest.mark.parametrize(
    "reply",
    [
        echo("", {"messages": [{"content": "x"}]}),
        Reply({"choices": [{"logprobs": {"content": []}}]}),
        Reply({"choices": [{"logprobs": {"content": [{"top_logprobs": []}]}}]}),
        error(400, "logprobs is not supported with this model"),
    ],
    ids=["none", "empty", "none on the list", "refused"],
)
def test_a_server_without_likeliest_tokens_is_named_with_the_remedy(engine_of, reply):
    with serving(nth(reply)) as fake, pytest.raises(AlignbenchError, match=r"cannot weigh labels.*generator@critic="):
        engine_of(fake).score(CHATS, [("A", "B")] * 2)


def test_scores_are_never_made_up_for_a_request_that_failed(engine_of):
    def half(path, body):
        return error(500) if "not" in question(body) else top(A=0.9)

    with serving(half) as fake, pytest.raises(AlignbenchError, match="1 of 2 requests"):
        engine_of(fake).score(CHATS, [("A", "B")] * 2)


def test_texts_need_no_folder(engine_of):
    with serving(echo) as fake:
        engine = engine_of(fake, max_completion_tokens=True)
        assert engine.generate(CHATS, Sampling(max_new_tokens=9)) == [["Is it?"], ["Is it not?"]]
        assert engine.model.name == "big" and fake.bodies[0]["max_completion_tokens"] == 9


def test_more_labels_than_likeliest_tokens_are_refused_before_anything_is_asked(engine_of):
    labels = tuple("ABCDEFGHIJKLMNOPQRSTU")
    with serving(echo) as fake, pytest.raises(AlignbenchError, match=r"top_logprobs = 20: 21 labels"):
        engine_of(fake).score(CHATS[:1], [labels])
    assert not fake.asked

"""Every way in which a server was seen to fail, or could: what a call comes to, and what the next one finds."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from functools import partial

import pytest

from alignbench.backend import IncompleteAnswers
from alignbench.dialogue.judging import DialogueCritic, Rating
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat
from tests.backend.fake_server import Reply, echo, engine, error, nth, says, serving
from tests.backend.test_server_chat import top
from tests.generator.test_slot import api, tools

GREEDY = Sampling(max_new_tokens=5)
ONE = [chat("question 0")]
GOOD = says("fine").content
WRONG_USAGE = [
    {"prompt_tokens": "many"},
    {"prompt_tokens": 1.5, "completion_tokens": 2},
    {"prompt_tokens": -1, "completion_tokens": 2},
    {"prompt_tokens": True},
    [7],
    "free",
]
# Worth another attempt: a second one that is answered well saves the call.
PASSING = {
    "429": error(429),
    "429, Retry-After": error(429, Retry_After="0.1"),
    "429, Retry-After that is none": error(429, Retry_After="soon"),
    "408": error(408),
    "500": error(500),
    "503": error(503),
    "529": error(529),
    "reset": Reply(b"", cut=-1),
    "closed without a word": Reply(GOOD, cut=0),
    "half a reply": Reply(GOOD, cut=40),
    "half a stream": Reply(b'5\r\n{"cho', headers={"Transfer-Encoding": "chunked"}),
    "stall": Reply(GOOD, delay=0.8),
    "slow drip": Reply(GOOD, drip=0.05),
}
# No other attempt is made: the request is lost, with its reason, and asked again by the next call.
LOST = {
    "400": (error(400, "too long"), "too long"),
    "no JSON": (Reply(b"<html>"), "not a reply"),
    "no text at all": (Reply(b""), "not a reply"),
    "any bytes": (Reply(bytes(range(256))), "not a reply"),
    "a list": (Reply([]), "not a reply"),
    "null": (Reply(None), "not a reply"),
    "nested without end": (Reply(b"[" * 100_000), "not a reply"),
    "events": (Reply(b"data: {}\n\n"), "not a reply"),
    "no choices": (Reply({}), "not a reply"),
    "empty choices": (Reply({"choices": []}), "not a reply"),
    "no message": (Reply({"choices": [{}]}), "not a reply"),
    **{f"usage {used}": (Reply({**GOOD, "usage": used}), "not a reply") for used in WRONG_USAGE},
}
# Every other request would meet the same: nothing more is asked.
FINAL = {
    "401": (error(401), "backend.key_env"),
    "404, no model": (error(404, "no model tiny"), "backend.served_model"),
    "404": (error(404), "backend.base_url"),
    "redirect": (Reply(b"", 302, {"Location": "http://127.0.0.1:9/"}), "backend.base_url"),
    "another model": (Reply({**GOOD, "model": "gpt-2"}), "backend.served_model"),
}


@pytest.fixture
def engine_of(tmp_path):
    return partial(engine, tmp_path, timeout_s=0.4)


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again(engine_of, kind):
    with serving(nth(PASSING[kind], Reply(GOOD))) as fake:
        assert engine_of(fake).generate(ONE, GREEDY) == [["fine"]]
    assert len(fake.asked) == 2


@pytest.mark.parametrize("kind", PASSING)
def test_what_does_not_pass_is_lost_with_its_reason_and_asked_for_again(engine_of, kind):
    started = time.monotonic()
    with serving(nth(PASSING[kind])) as fake:
        with pytest.raises(IncompleteAnswers, match="1 of 1 requests") as told:
            engine_of(fake, retries=1).generate(ONE, GREEDY)
        assert time.monotonic() - started < 2, "the deadline holds for the whole of a call"
        assert (told.value.answers, told.value.share) == ([[""]], 1.0) and len(fake.asked) == 2
        fake.answer = echo
        assert engine_of(fake).generate(ONE, GREEDY) == [["question 0"]]


@pytest.mark.parametrize("kind", LOST)
def test_what_makes_no_sense_is_lost_and_asked_for_again(engine_of, kind):
    reply, words = LOST[kind]
    with serving(nth(reply)) as fake:
        with pytest.raises(IncompleteAnswers, match=words):
            engine_of(fake).generate(ONE, GREEDY)
        assert len(fake.asked) == 1
        fake.answer = echo
        assert engine_of(fake).generate(ONE, GREEDY) == [["question 0"]]


@pytest.mark.parametrize("kind", FINAL)
def test_what_no_request_survives_ends_the_call_and_names_the_knob(engine_of, kind):
    reply, field = FINAL[kind]
    with serving(nth(reply)) as fake:
        with pytest.raises(AlignbenchError) as told:
            engine_of(fake, concurrency=1).generate([chat(f"question {i}") for i in range(9)], GREEDY)
        assert told.value.field == field and len(fake.asked) == 1
        fake.answer = echo
        assert engine_of(fake).generate(ONE, GREEDY) == [["question 0"]]


@pytest.mark.parametrize("told", ["tiny-2026-01-01", "org/Tiny", "", None])
def test_a_name_may_be_told_more_exactly(engine_of, told):
    with serving(nth(Reply({**GOOD, "model": told}))) as fake:
        assert engine_of(fake).generate(ONE, GREEDY) == [["fine"]]


def test_retries_wait_longer_each_time_and_never_alike(engine_of, monkeypatch):
    pauses = []
    monkeypatch.setattr(threading.Event, "wait", lambda self, pause=None: pauses.append(pause))
    from alignbench.backend.server_client import Client, Failure

    with serving(nth(error(503))) as fake, pytest.raises(Failure):
        Client("", 5.0, 5, 1.0).post(f"{fake.url}/chat/completions", {})
    waits = [pause for pause in pauses if pause is not None and pause != 5.0]
    assert len(waits) == 5
    assert (
        all(2**i / 2 <= pause <= 2**i for i, pause in enumerate(waits))
        and len({p / 2**i for i, p in enumerate(waits)}) == 5
    )


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"reply": 1}', None])
def test_a_damaged_reply_is_set_aside_and_asked_for_again(engine_of, tmp_path, capsys, content):
    with serving(echo) as fake:
        engine_of(fake).generate(ONE, GREEDY)
        (file,) = tmp_path.rglob("replies/*/*.json")
        file.write_bytes(
            file.read_bytes().replace(b'question 0"}}]', b'question 9"}}]') if content is None else content
        )
        assert engine_of(fake).generate(ONE, GREEDY) == [["question 0"]]
        assert len(fake.asked) == 2 and file.is_file() and file.with_suffix(".damaged").is_file()
    assert capsys.readouterr().out.count("  damage reply") == 1


def test_a_stop_waits_for_no_reply(engine_of):
    with serving(nth(Reply(GOOD, delay=3))) as fake:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            engine_of(fake, timeout_s=60.0).generate(ONE, GREEDY)
        assert time.monotonic() - started < 1.5


def test_a_damaged_account_is_named(engine_of, tmp_path):
    with serving(echo) as fake:
        engine_of(fake, budget_tokens=1000).generate(ONE, GREEDY)
        (account,) = tmp_path.glob("spent/*.json")
        assert json.loads(account.read_text())["prompt_tokens"] == 10
        account.write_text("{")
        with pytest.raises(AlignbenchError, match="nothing can be read from it"):
            engine_of(fake, budget_tokens=1000).generate([chat("another")], GREEDY)


@pytest.mark.parametrize("share", [7.0, 1000.0, float("nan"), float("inf")])
def test_what_is_no_log_probability_is_refused(tmp_path, share):
    choice = {"logprobs": {"content": [{"top_logprobs": [{"token": "good", "logprob": share}]}]}}
    with (
        serving(nth(Reply({"choices": [choice]}))) as fake,
        pytest.raises(AlignbenchError, match="as a log-probability"),
    ):
        api(fake, tmp_path).open(tools()).score(ONE, [("good", "bad")])


def test_a_verdict_whose_labels_a_server_does_not_speak_of_is_unread(tmp_path):
    with serving(lambda path, body: top(Well=0.6, hm=0.2)) as fake:
        (found,) = DialogueCritic()._opinions(api(fake, tmp_path).open(tools()), ONE, ("good", "bad"))
    assert found == Rating("", "not sure")

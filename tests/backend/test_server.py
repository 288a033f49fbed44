"""A server as engine, against one that a thread plays."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from email.utils import formatdate
from functools import partial

import pytest

from alignbench.backend import IncompleteAnswers, server_calls
from alignbench.backend.render import Renderer
from alignbench.backend.server import Server
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat
from tests.backend.fake_server import MODEL, Reply, echo, engine, error, nth, question, says, serving

CHATS = [chat(f"question {i}") for i in range(12)]
GREEDY = Sampling(max_new_tokens=5)
HEALTHY = says("fine")


@pytest.fixture
def engine_of(tmp_path):
    return partial(engine, tmp_path)


def test_texts_keep_the_order_of_chats_while_requests_overlap(engine_of):
    def slower_first(path, body):
        reply = echo(path, body)
        reply.delay = 0.15 - 0.01 * int(question(body).split()[1])
        return reply

    with serving(slower_first) as fake:
        texts = engine_of(fake, concurrency=4, extended=False).generate(CHATS, GREEDY)
    assert texts == [[f"question {i}"] for i in range(12)]
    assert 2 <= fake.most_under_way <= 4


def test_a_request_says_what_the_sampling_says(engine_of):
    sampling = Sampling(max_new_tokens=7, temperature=0.5, top_p=0.9)
    with serving(echo) as fake:
        for extended in (False, True):
            engine_of(fake, served_model="org/tiny", extended=extended).generate([chat("why?", "be brief")], sampling)
    (path, body, _), (_, extended, _) = fake.asked
    assert path == "/v1/chat/completions"
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "why?"}]
    plain = {"model": "org/tiny", "messages": messages, "max_tokens": 7, "temperature": 0.5, "top_p": 0.9}
    assert body.pop("seed") == extended.pop("seed") >= 0
    assert body == plain
    own = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "return_token_ids": True}
    stops = Renderer.of(MODEL).stops
    assert stops and extended == {**plain, **own, "stop_token_ids": list(stops)}


# Thoughts go another way: test_thoughts.py.
@pytest.mark.parametrize("field", [field.name for field in fields(Sampling) if field.name != "thought"])
def test_every_field_of_the_sampling_is_sent(engine_of, field):
    plain = Sampling(max_new_tokens=7, temperature=0.5, top_p=0.5, n=2, seed=3)
    with serving(echo) as fake:
        engine = engine_of(fake)
        engine.generate(CHATS[:1], plain)
        before = len(fake.asked)
        engine.generate(CHATS[:1], replace(plain, **{field: getattr(plain, field) * 2}))
    assert before == 2 and len(fake.asked) == 4


# What vLLM and its kin take from a model's generation_config where a request does not say it.
@pytest.mark.parametrize("default", ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens"])
@pytest.mark.parametrize("sampling", [GREEDY, Sampling(temperature=0.7)], ids=["greedy", "sampled"])
def test_no_default_of_a_server_can_enter_an_answer_or_a_score(engine_of, default, sampling):
    def defaults(path, body):
        assert default in body, path
        if path == "/v1/chat/completions":
            return echo(path, body)
        found = {f"token_id:{token}": -1.0 for token in body["logprob_token_ids"]}
        return Reply({"choices": [{"logprobs": {"top_logprobs": [found]}}]})

    with serving(defaults) as fake:
        engine = engine_of(fake)
        assert engine.generate(CHATS[:2], sampling) == [["question 0"], ["question 1"]]
        engine._scorable = True
        assert engine.score(CHATS[:2], [("1", "2")] * 2)


def test_a_server_that_knows_openais_fields_alone_is_told_of_and_can_be_asked(engine_of):
    def strict(path, body):
        return error(400, "Unrecognized request argument: top_k") if "top_k" in body else echo(path, body)

    with serving(strict) as fake:
        with pytest.raises(AlignbenchError, match=r"backend.extended = True.*say false"):
            engine_of(fake).generate(CHATS, GREEDY)
        assert engine_of(fake, extended=False).generate(CHATS[:1], GREEDY) == [["question 0"]]


def test_a_server_that_reads_other_tokens_than_ours_is_refused(engine_of):
    ids = list(Renderer.of(MODEL).prompt(CHATS[0]).ids)

    def reading(tokens):
        return lambda path, body: Reply({**echo(path, body).content, "prompt_token_ids": tokens})

    with serving(reading(ids)) as fake:
        assert engine_of(fake).generate(CHATS[:1], GREEDY) == [["question 0"]]
        fake.answer = reading([ids[0], *ids])
        with pytest.raises(AlignbenchError, match=r"served_model.*other tokens"):
            engine_of(fake).generate(CHATS[:1], Sampling(max_new_tokens=6))


def test_every_sample_has_its_own_seed_whatever_stands_beside_it(engine_of):
    sampling = Sampling(temperature=1.0, n=3, seed=4)

    def seeded(path, body):
        return says(str(body["seed"]))

    with serving(seeded) as fake:
        engine = engine_of(fake)
        twice, other = engine.generate([CHATS[0], CHATS[0]], sampling), engine.generate([CHATS[1], CHATS[0]], sampling)
        next_seed = engine.generate([CHATS[0]], Sampling(temperature=1.0, n=3, seed=5))
    assert len({*twice[0], *twice[1], *next_seed[0]}) == 9
    assert other[1] == twice[0]
    assert not {*other[0]} & {*other[1]}, "draws of two chats are unrelated, too"


def test_greedy_samples_are_copies_of_one_request(engine_of):
    with serving(echo) as fake:
        texts = engine_of(fake).generate([CHATS[0], CHATS[1], CHATS[0]], Sampling(n=2))
    assert texts == [["question 0"] * 2, ["question 1"] * 2, ["question 0"] * 2]
    assert len(fake.asked) == 2


def test_what_was_answered_is_not_asked_again(engine_of):
    with serving(echo) as fake:
        first = engine_of(fake).generate(CHATS, GREEDY)
        again = engine_of(fake)
        assert again.generate(CHATS[::-1], GREEDY) == first[::-1]
        assert len(fake.asked) == len(CHATS)
        assert again.usage.prompt_tokens == 0
        again.generate(CHATS[:1], Sampling(max_new_tokens=6))
        engine_of(fake, model=replace(MODEL, fingerprint="f2")).generate(CHATS[:1], GREEDY)
        assert len(fake.asked) == len(CHATS) + 2


def test_a_cached_call_needs_no_server(engine_of):
    with serving(echo) as fake:
        texts = engine_of(fake).generate(CHATS, GREEDY)
    assert engine_of(fake).generate(CHATS, GREEDY) == texts


@pytest.mark.parametrize("bad", [error(429), error(500), error(503), Reply(b"", delay=0.6)], ids=str)
def test_passing_faults_are_tried_again(engine_of, bad):
    with serving(nth(bad, bad, HEALTHY)) as fake:
        assert engine_of(fake, timeout_s=0.3).generate(CHATS[:1], GREEDY) == [["fine"]]
    assert len(fake.asked) == 3


def test_retry_after_is_honoured(engine_of):
    with serving(nth(error(429, Retry_After="0.5"), HEALTHY)) as fake:
        engine_of(fake).generate(CHATS[:1], GREEDY)
    assert fake.times[1] - fake.times[0] >= 0.5


def test_a_retry_after_of_hours_ends_the_attempts(engine_of):
    late = error(429, "come tomorrow", Retry_After=formatdate(time.time() + 7200, usegmt=True))
    with serving(nth(late)) as fake, pytest.raises(AlignbenchError, match="come tomorrow"):
        engine_of(fake).generate(CHATS[:1], GREEDY)
    assert len(fake.asked) == 1


def test_some_failures_are_told_after_all_others_were_kept(engine_of):
    def refuse_two(path, body):
        return error(400, "too long") if question(body) in ("question 0", "question 3") else echo(path, body)

    with serving(refuse_two) as fake:
        with pytest.raises(AlignbenchError, match=r"2 of 12 requests.*too long"):
            engine_of(fake).generate(CHATS, GREEDY)
        fake.answer = echo
        assert engine_of(fake).generate(CHATS, GREEDY)[3] == ["question 3"]
    assert len(fake.asked) == 14


def test_what_failed_for_good_is_counted_and_the_rest_comes_with_the_error(engine_of):
    def stumble(path, body):
        replies = {"question 0": error(500), "question 3": error(400, "too long"), "question 5": Reply(b"<html>")}
        return replies.get(question(body)) or echo(path, body)

    with serving(stumble) as fake:
        engine = engine_of(fake)
        with pytest.raises(IncompleteAnswers, match="3 of 12 requests") as lost:
            engine.generate(CHATS, Sampling(n=2))
    wanted = [[f"question {i}"] * 2 for i in range(12)]
    for i in (0, 3, 5):
        wanted[i] = ["", ""]
    assert lost.value.answers == wanted
    assert engine.usage.failed == 3


def test_a_server_may_want_another_name_for_the_bound(engine_of):
    def picky(path, body):
        wanted = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return error(400, wanted) if "max_tokens" in body else says(str(body["max_completion_tokens"]))

    with serving(picky) as fake:
        with pytest.raises(AlignbenchError, match=r"max_completion_tokens = False.*to be true"):
            engine_of(fake).generate(CHATS, GREEDY)
        assert engine_of(fake, max_completion_tokens=True).generate(CHATS[:1], GREEDY) == [["5"]]


def test_a_server_that_is_down_is_not_asked_for_ever(engine_of):
    many = [chat(str(i)) for i in range(200)]
    with serving(nth(error(502, "bad gateway"))) as fake, pytest.raises(AlignbenchError, match=r"down.*in a row"):
        engine_of(fake, retries=0, concurrency=4).generate(many, GREEDY)
    assert len(fake.asked) < 100


@pytest.mark.parametrize(
    ("reply", "field", "words"),
    [
        (error(401, "bad key s3cret"), "backend.key_env", r"bad key \*\*\*"),
        (error(404, "The model `tiny` does not exist"), "backend.served_model", "no such model"),
        (Reply(b"<html>not here</html>", 404), "backend.base_url", "/v1"),
        (Reply(b"", 302, {"Location": "http://127.0.0.1:9/"}), "backend.base_url", "302"),
        (Reply(b"<html>welcome</html>"), "backend.server", "not a reply"),
        (Reply({"choices": []}), "backend.server", "not a reply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_other_request_would_survive_ends_the_call(engine_of, monkeypatch, reply, field, words):
    monkeypatch.setenv("SOME_KEY", "s3cret")
    # However slowly a reply is looked at, the next request waits for it.
    judged = server_calls.check
    monkeypatch.setattr(server_calls, "check", lambda *said: (time.sleep(0.1), judged(*said)))
    with serving(nth(reply)) as fake, pytest.raises(AlignbenchError, match=words) as told:
        engine_of(fake, key_env="SOME_KEY", concurrency=1).generate(CHATS, GREEDY)
    assert told.value.field == field
    assert len(fake.asked) <= 3
    assert all(headers["Authorization"] == "Bearer s3cret" for *_, headers in fake.asked)


def test_a_key_is_not_written_to_the_cache(engine_of, monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_KEY", "s3cret")
    with serving(echo) as fake:
        engine_of(fake, key_env="SOME_KEY").generate(CHATS, GREEDY)
    files = list(tmp_path.rglob("*.json"))
    assert len(files) == len(CHATS)
    assert not any("s3cret" in file.read_text(encoding="utf-8") for file in files)


def test_nobody_at_the_address_is_told_at_once(engine_of):
    with serving(echo) as fake:
        pass
    with pytest.raises(AlignbenchError, match="no server answers") as told:
        engine_of(fake, backoff_s=60.0).generate(CHATS, GREEDY)
    assert told.value.field == "backend.base_url"


# A question takes 15 tokens, and may take up to 11 bytes, 32 of the template and 5 of the answer.
@pytest.mark.parametrize(
    "knobs",
    [
        {"budget_tokens": 94},
        {"budget_usd": 94.5e-6, "usd_per_million_prompt": 1.0, "usd_per_million_completion": 1.0},
    ],
    ids=["tokens", "usd"],
)
@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_budget_is_never_overspent_and_whoever_raises_it_goes_on(engine_of, knobs, concurrency):
    knob = next(iter(knobs))
    with serving(echo) as fake:
        engine = engine_of(fake, concurrency=concurrency, **knobs)
        with pytest.raises(AlignbenchError, match=rf"backend.{knob}.*: 6\S* is spent by all.*raise the budget"):
            engine.generate(CHATS, GREEDY)
        assert len(fake.asked) == 4
        assert (engine.usage.prompt_tokens, engine.usage.generated_tokens) == (40, 20)
        with pytest.raises(AlignbenchError, match="is spent by all"):  # as another process would find it
            engine_of(fake, **knobs).generate(CHATS, GREEDY)
        assert len(fake.asked) == 4
        raised = engine_of(fake, concurrency=concurrency, **{**knobs, knob: knobs[knob] * 2.4})
        assert raised.generate(CHATS, GREEDY) and len(fake.asked) == len(CHATS)


def test_processes_share_a_budget(engine_of):
    with serving(lambda path, body: replace(echo(path, body), delay=0.05)) as fake:
        engines = [engine_of(fake, concurrency=4, budget_tokens=200, timeout_s=5.0 + i) for i in range(3)]

        def spend(i):
            try:
                engines[i].generate([chat(f"question {i}{j}") for j in range(8)], GREEDY)
            except AlignbenchError as error:
                return str(error)

        with ThreadPoolExecutor() as pool:
            said = list(pool.map(spend, range(3)))
    assert any("is spent by all" in str(text) for text in said)
    assert 4 <= len(fake.asked) <= 200 // 15


def test_a_budget_needs_a_server_that_counts(engine_of):
    with serving(nth(Reply({"choices": [{"message": {"content": "x"}}]}))) as fake:
        assert engine_of(fake).generate(CHATS[:1], GREEDY) == [["x"]]
        with pytest.raises(AlignbenchError, match="does not say what a reply used"):
            engine_of(fake, budget_tokens=100).generate(CHATS[1:2], GREEDY)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"text": "<think>well</think> yes"}, "yes"),
        ({"text": "cut off while thinking"}, ""),
        ({"text": "yes", "reasoning": "well"}, "yes"),
    ],
)
def test_thoughts_are_cut_off(engine_of, message, text):
    thinker = replace(MODEL, template_kwargs={"enable_thinking": True})
    with serving(nth(says(**message))) as fake:
        assert engine_of(fake, model=thinker).generate(CHATS[:1], GREEDY) == [[text]]
    assert fake.bodies[0]["chat_template_kwargs"] == {"enable_thinking": True}


@pytest.mark.parametrize(
    "knobs",
    [
        {"base_url": "localhost:8000"},
        {"concurrency": 0},
        {"retries": -1},
        {"budget_usd": 1.0},
        {"budget_usd": 1.0, "usd_per_million_prompt": 1.0},
    ],
    ids=str,
)
def test_wrong_knobs_are_refused(knobs):
    with pytest.raises(AlignbenchError, match=f"backend.{next(iter(knobs))}"):
        Server(**knobs)


def test_an_unset_key_is_told_before_anything_is_asked(monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(AlignbenchError, match="SOME_KEY"):
        Server(key_env="SOME_KEY").open(MODEL)


def test_a_foreign_server_takes_no_adapter(engine_of, tmp_path):
    with serving(echo) as fake, pytest.raises(AlignbenchError, match=r"backend.start=true"):
        engine_of(fake).generate(CHATS, GREEDY, tmp_path)
    assert not fake.asked

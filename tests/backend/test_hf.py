import json
import shutil

import pytest

from alignbench.backend import architecture, forward
from alignbench.backend.hf import HF
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat

from .single import reference

LABELS = ("1", "2", "3")
TEXTS = ("1", "very important", "very", "not at all", "10")


@pytest.fixture
def engine(blank):
    return HF(device="cpu").open(blank)


@pytest.fixture
def plain(monkeypatch):
    """Switches prefix sharing off."""
    monkeypatch.setattr(architecture, "remembers_tokens", lambda _: False)


def logprobs(found):
    return [list(one.logprobs) for one in found]


def close(found, expected):
    assert [x for row in found for x in row] == pytest.approx([x for row in expected for x in row], abs=1e-4)


@pytest.mark.parametrize("options", [LABELS, TEXTS])
def test_scores_equal_single_forwards(engine, blank, chats, options):
    close(logprobs(engine.score(chats, [options] * len(chats))), reference(blank, chats, options))


@pytest.mark.parametrize("options", [LABELS, TEXTS])
def test_padded_batches_equal_single_forwards(engine, blank, chats, options, plain):
    close(logprobs(engine.score(chats, [options] * len(chats))), reference(blank, chats, options))


@pytest.mark.parametrize("batch_tokens", [1, 300])
def test_batch_size_changes_no_score(blank, chats, batch_tokens):
    found = HF(device="cpu", batch_tokens=batch_tokens).open(blank).score(chats, [TEXTS] * len(chats))
    close(logprobs(found), reference(blank, chats, TEXTS))


def test_a_shared_prefix_runs_once(engine, blank, chats):
    engine.score(chats, [LABELS] * len(chats))
    alone = sum(len(engine.renderer.prompt(one).ids) for one in chats)
    assert engine.usage.prompt_tokens < 0.8 * alone


def test_options_may_differ_by_prompt_and_order_is_kept(engine, chats):
    asked = [LABELS[: 1 + i % 3] for i in range(len(chats))]
    found = engine.score(chats, asked)
    assert [len(one.logprobs) for one in found] == [len(options) for options in asked]
    turned = engine.score(chats[::-1], asked[::-1])
    close(logprobs(turned)[::-1], logprobs(found))


def test_mass_is_the_probability_of_first_tokens(engine):
    import math

    one, two, both = engine.score([chat("choose")] * 3, [["1"], ["2"], ["1", "10", "2"]])
    assert both.mass == pytest.approx(math.exp(one.logprobs[0]) + math.exp(two.logprobs[0]), abs=1e-6)


def test_batched_greedy_text_equals_single_text(engine, chats):
    sampling = Sampling(max_new_tokens=12)
    assert engine.generate(chats, sampling) == [engine.generate([one], sampling)[0] for one in chats]


def test_sampling_is_seeded_and_leaves_the_callers_random_numbers_alone(engine, chats):
    import torch

    sampling = Sampling(max_new_tokens=8, temperature=1.0, n=3, seed=4)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    texts = engine.generate(chats[:4], sampling)
    assert torch.rand(1) == expected
    assert texts == engine.generate(chats[:4], sampling)
    assert texts != engine.generate(chats[:4], Sampling(max_new_tokens=8, temperature=1.0, n=3, seed=5))
    assert {len(samples) for samples in texts} == {3}
    assert len({text for samples in texts for text in samples}) > 4


def test_greedy_copies_are_equal_and_tokens_are_counted(engine, chats):
    (samples,) = engine.generate(chats[:1], Sampling(max_new_tokens=5, n=2))
    assert samples[0] == samples[1]
    assert engine.usage.prompt_tokens == len(engine.renderer.prompt(chats[0]).ids)
    assert 2 <= engine.usage.generated_tokens <= 10


def test_adapters_are_switched_on_and_off(engine, blank, chats, adapter):
    options = [TEXTS] * len(chats)
    before = logprobs(engine.score(chats, options))
    adapted = logprobs(engine.score(chats, options, adapter))
    assert max(abs(x - y) for a, b in zip(before, adapted, strict=True) for x, y in zip(a, b, strict=True)) > 0.1
    assert logprobs(engine.score(chats, options)) == before
    close(logprobs(engine.score(chats, options, adapter)), adapted)


def test_a_second_adapter_takes_the_place_of_the_first(engine, chats, adapter, tmp_path):
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(adapter, tmp_path / "other")
    weights = load_file(other / "adapter_model.safetensors")
    save_file(
        {name: -w if ".lora_A." in name else w for name, w in weights.items()}, other / "adapter_model.safetensors"
    )
    options = [LABELS] * len(chats)
    first = logprobs(engine.score(chats, options, adapter))
    second = logprobs(engine.score(chats, options, other))
    assert second != first
    close(logprobs(engine.score(chats, options, adapter)), first)


def test_an_adapter_of_another_base_is_refused_before_weights_load(engine, chats, adapter, tmp_path):
    from safetensors.torch import load_file, save_file

    recorded = shutil.copytree(adapter, tmp_path / "recorded")
    (recorded / "alignbench.json").write_text(json.dumps({"base_fingerprint": "0123"}))
    wide = shutil.copytree(adapter, tmp_path / "wide")
    weights = load_file(wide / "adapter_model.safetensors")
    save_file({name: w.repeat(1, 2) for name, w in weights.items()}, wide / "adapter_model.safetensors")
    for folder, match in ((recorded, "another base"), (wide, "do not fit"), (tmp_path, "adapter_config.json")):
        with pytest.raises(AlignbenchError, match=match):
            engine.score(chats, [LABELS] * len(chats), folder)
    assert engine._weights is None


def test_out_of_memory_halves_the_batch_and_says_so_once(engine, blank, chats, monkeypatch, capsys, plain):
    import torch

    real, sizes = forward.logprobs, []

    def small_gpu(weights, suffixes, keep, cache=None, prefixes=()):
        sizes.append(len(suffixes))
        if len(suffixes) > 2:
            raise torch.OutOfMemoryError
        return real(weights, suffixes, keep, cache, prefixes)

    monkeypatch.setattr(forward, "logprobs", small_gpu)
    close(logprobs(engine.score(chats, [LABELS] * len(chats))), reference(blank, chats, LABELS))
    out, err = capsys.readouterr()
    assert (out + err).count("out of memory") == 1
    sizes.clear()
    engine.score(chats, [LABELS] * len(chats))
    assert max(sizes) <= 2


def test_one_prompt_too_many_for_the_memory_is_an_error(engine, chats, monkeypatch):
    import torch

    def no_gpu(*_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(forward, "logprobs", no_gpu)
    with pytest.raises(AlignbenchError, match="batch_tokens"):
        engine.score(chats[:1], [LABELS])


def test_close_frees_and_the_next_call_loads_again(engine, chats):
    before = engine.score(chats[:1], [LABELS])
    engine.close()
    assert engine._weights is None
    assert engine.score(chats[:1], [LABELS]) == before


def test_wrong_knobs_are_refused(blank):
    for knobs in ({"device": "tpu"}, {"batch_tokens": 0}, {"threads": -1}):
        with pytest.raises(AlignbenchError, match=f"backend.{next(iter(knobs))}"):
            HF(**knobs).open(blank)

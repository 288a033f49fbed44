"""What cannot be met is said before anything starts, each thing with words that can be met."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench import testing
from alignbench.backend import checkpoint
from alignbench.backend.model import HUB_ID, SHIPPED
from alignbench.backend.shape import known, read
from alignbench.config import conf_dir, instantiate
from alignbench.device import Room
from alignbench.errors import AlignbenchError
from alignbench.sweep.conduct import SweepCell, carry_out
from alignbench.sweep.estimate import PastRuns
from alignbench.sweep.means import absent, unmet, waiting_of
from alignbench.training.memory import kept, peak
from alignbench.training.recipe import Quantise, TrainerKind, Training, Weights
from alignbench.types import ModelRef

GIB = 2.0**30
LAPTOP, SMALL, LARGE = Room(False, 8 * GIB), Room(True, 24 * GIB), Room(True, 80 * GIB)
QWEN = "Qwen/Qwen2.5-3B-Instruct"


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """A machine without keys, where no model was ever downloaded."""
    for name in ("OPENAI_API_KEY", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("alignbench.backend.model._in_cache", lambda repo, revision: None)
    yield
    HydraConfig.instance().cfg = None


def faults(name, room, *words):
    cfg = testing.composed(f"experiment=papers/{name}", "culture=china", *words)
    HydraConfig.instance().set_config(cfg)
    return unmet(cfg, waiting_of(cfg), room)


@pytest.mark.long
@pytest.mark.parametrize("name", ["clca", "culturerl", "menavalues"])
def test_what_a_paper_asks_for_is_missed_on_a_laptop_and_what_is_typed_instead_can_be_had(name):
    found = faults(name, LAPTOP)
    assert [fault for fault in found if fault.stops] and all(fault.nearest in str(fault) for fault in found)
    words = {word.partition("=")[0]: word for fault in found for word in fault.nearest.split()}
    cfg = testing.composed(f"experiment=papers/{name}", "culture=china", *words.values())
    assert words and not [fault for fault in unmet(cfg, (), LAPTOP) if fault.stops]


@pytest.mark.long
def test_culturerl_fits_on_one_large_card_and_on_a_small_one_with_the_words_that_are_named():
    words = ("generator@judge.generator=base",)
    assert [fault.what for fault in faults("culturerl", LARGE, *words) if fault.stops] == []
    (short,) = [fault for fault in faults("culturerl", SMALL, *words) if fault.stops]
    assert (short.what, short.nearest) == ("training", "training.weights=lora") and "65.6 GiB" in short.why
    assert [fault.what for fault in faults("culturerl", SMALL, *words, short.nearest) if fault.stops] == []


def test_a_key_a_gated_model_and_a_file_are_named_with_their_knobs():
    by_name = {fault.what: fault for fault in faults("clca", SMALL)}
    assert set(by_name) == {"survey.path", "model", "generator", "critic"}
    assert "gated" in by_name["model"].why and "nearest to download: model=qwen3_8b" in by_name["model"].why
    assert "OPENAI_API_KEY" in by_name["critic"].why and by_name["critic"].nearest == "generator@critic=base"
    assert "131.4 GiB" in by_name["generator"].why and by_name["survey.path"].nearest == "survey=wvs7"


def request(*words):
    cfg = testing.composed("experiment=papers/culturerl", "culture=iraq", "model=blank", *words)
    return SweepCell(words, cfg)


def test_a_papers_sweep_that_lacks_something_starts_nothing_unless_it_insists(capsys):
    launched = []

    def launch(cells):
        launched.extend(cells)
        return [True] * len(cells)

    with pytest.raises(AlignbenchError, match=r"experiment = 'judge.generator': .*insist=true"):
        carry_out([request()], launch, lambda cfg: False)
    said = capsys.readouterr().out
    assert not launched and "generator@judge.generator=base" in said
    carry_out([request()], launch, lambda cfg: True)  # all is finished: nothing is asked for
    assert not launched
    carry_out([request("insist=true")], launch, lambda cfg: False)
    assert len(launched) == 1


def sparse(folder):
    """A model of a known shape: configuration, and weights of which only the header is written."""
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    shape, config = read(known()[QWEN]), dict(known()[QWEN])
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "qwen2"}))
    size = 2 * shape.parameters
    header = json.dumps({"all": {"dtype": "BF16", "shape": [shape.parameters], "data_offsets": [0, size]}}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
    return folder


def test_a_plan_for_a_card_reads_the_shape_of_a_folder_and_loads_nothing(tmp_path, capsys):
    folder = sparse(tmp_path / "large")
    words = ("generator@judge.generator=base", "model=local", f"model.path={folder}", f"store={tmp_path}/store")
    for card, short in ((80, False), (24, True)):
        cfg = testing.composed("experiment=papers/culturerl", "culture=iraq", *words, "task=plan", f"task.card={card}")
        HydraConfig.instance().set_config(cfg)
        instantiate(cfg.task).main(cfg)
        said = capsys.readouterr().out
        assert "65.6 GiB" in said and "for one card" in said
        assert ("the nearest here: training.weights=lora" in said) is short


def test_shapes_that_are_known_have_the_published_number_of_weights_and_every_named_model_has_one():
    billions = {"Qwen/Qwen2.5-0.5B-Instruct": 0.494, QWEN: 3.086, "Qwen/Qwen3-8B": 8.191}
    billions |= {"meta-llama/Llama-3.1-8B-Instruct": 8.030, "mistralai/Mistral-7B-Instruct-v0.3": 7.248}
    billions["deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"] = 1.777
    assert {name: round(read(known()[name]).parameters / 1e9, 3) for name in billions} == billions
    files = [path.read_text() for path in (conf_dir() / "model").glob("*.yaml")]
    named = {line.removeprefix("path: ") for text in files for line in text.splitlines() if line.startswith("path: ")}
    assert {name for name in named if HUB_ID.fullmatch(name)} <= set(known())
    assert read(json.loads((SHIPPED / "config.json").read_text())).parameters == checkpoint.parameters(SHIPPED)


@pytest.mark.parametrize("case", ["full", "full half", "lora", "lora dropout"])
def test_what_a_backward_pass_keeps_is_as_counted(case):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2Config, Qwen2ForCausalLM

    shape = replace(read(known()[QWEN]), hidden=128, inner=384, heads=4, key_heads=2, head_size=32, vocabulary=32)
    tokens, half = 64, "half" in case
    training = Training(weights=Weights["full" if "full" in case else "lora"], lora_dropout=0.1 * ("dropout" in case))

    def held(layers):
        names = {"hidden_size": 128, "intermediate_size": 384, "num_attention_heads": 4, "num_key_value_heads": 2}
        model = Qwen2ForCausalLM(Qwen2Config(num_hidden_layers=layers, vocab_size=32, **names))
        if "lora" in case:
            knobs = {"r": training.lora_r, "lora_dropout": training.lora_dropout, "target_modules": "all-linear"}
            model = get_peft_model(model, LoraConfig(**knobs))
        own, seen = {p.untyped_storage().data_ptr() for p in model.parameters()}, {}

        def keep(tensor):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                seen[storage.data_ptr()] = (storage.nbytes(), tensor)
            return tensor

        hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
        with hooks, torch.autocast("cpu", torch.bfloat16, enabled=half):
            out = model.train()(input_ids=torch.arange(tokens)[None] % 32)
        assert out.logits.requires_grad
        return sum(size for size, _ in seen.values())

    counted = (held(3) - held(1)) / 2
    casts = 2 * shape.linear / shape.layers if half else 0
    assert kept(shape, training, half) == pytest.approx((counted - casts) / tokens, rel=0.15)


def test_every_knob_that_saves_memory_saves_it_by_the_formula():
    shape = read(known()[QWEN])
    usual = Training(weights=Weights.full, kl_beta=0.04, generations=8, max_new_tokens=1024, micro_batch=2)
    most = peak(shape, usual, TrainerKind.grpo, True)
    assert most > 4 * 4 * shape.parameters + 4 * shape.parameters  # weights, gradients, AdamW and the reference
    changes = [
        {"gradient_checkpointing": True}, {"micro_batch": 1}, {"kl_beta": 0.0}, {"max_new_tokens": 256},
        {"weights": Weights.lora}, {"weights": Weights.lora, "quantise": Quantise.auto},
    ]  # fmt: skip
    less = [peak(shape, usual.with_knobs(**knobs), TrainerKind.grpo, True) for knobs in changes]
    assert max(less) < most and less[-1] < less[-2]
    assert peak(shape, usual, TrainerKind.sft, True) < most


def test_hours_that_no_past_run_tells_count_the_wait_for_each_token_that_is_drawn(tmp_path):
    model = ModelRef("shipped", SHIPPED, "none", parameters=10**6)
    layers = read(json.loads((SHIPPED / "config.json").read_text())).layers

    def seconds(tokens, rounds, cuda):
        stage = SimpleNamespace(name="fit", tokens=tokens, rounds=rounds, memory=lambda cuda: 0.0)
        return PastRuns(tmp_path).cost([stage], model, cuda).seconds

    assert seconds(10**6, 0, False) == pytest.approx(2 * 10**6 * 10**6 / 2e11)
    assert seconds(10**6, 500, False) - seconds(10**6, 0, False) == pytest.approx(500 * layers * 0.02)
    assert seconds(0, 500, True) == pytest.approx(500 * layers * 0.001)


def test_models_that_offline_nodes_could_not_fetch_are_named_in_whatever_slot():
    judged = ["judge=llm", "generator@judge.generator=other", "model@judge.generator.model=qwen2.5_3b"]
    cells = [SweepCell((), testing.composed(*words)) for words in (("model=nano", *judged), ["model=qwen3_4b"])]
    assert absent(cells) == [QWEN, "Qwen/Qwen3-4B"] and absent(cells[:1]) == [QWEN]
    assert absent([SweepCell((), testing.composed("model=nano"))]) == []

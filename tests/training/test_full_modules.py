"""LoRA with head and embeddings trained in full beside it, as CLCA's authors have it; and QLoRA where it can be had."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from alignbench.backend import adapters
from alignbench.backend.hf import HF
from alignbench.errors import AlignbenchError
from alignbench.training import loop, policy, recipe
from alignbench.training.recipe import Quantise, Training
from alignbench.training.selection import Job
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import ModelRef, chat

from .test_recipe import preset
from .world import QUICK, Killed, assert_same_run, killed_at

ROWS = [ConversationRow(chat("How important is work?"), "very"), ConversationRow(chat("And family?"), "rather")]
SHORT = {"updates": 4, "prompts_per_update": 2, "checkpoint_every": 2, "epochs": 0}
LEARN = preset("clca_paper").with_knobs(**SHORT, dtype="float32", learning_rate=1e-2)
ASKED = ([chat("How important is work?"), chat("Well?")], [("1", "2", "3")] * 2)


@pytest.fixture(scope="module")
def full(raw: ModelRef, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    facts = train_sft(Job(raw, LEARN, 0, folder), ROWS)
    assert facts["full_modules"] == ["lm_head", "embed_tokens"]
    return folder


def test_a_tied_head_comes_apart_and_both_are_served(raw: ModelRef, full: Path) -> None:
    network, _ = policy.load_policy(raw, LEARN, 0, full)
    weights = policy.trainable(network.eval())
    head, embeddings = (
        next(w for name, w in weights.items() if f"{module}.modules_to_save" in name) for module in LEARN.full_modules
    )
    assert head.shape == embeddings.shape and (head - embeddings).abs().max() > 0.01
    engine = HF(device="cpu").open(raw)
    served = engine.score(*ASKED, full)[0].logprobs
    prompt = engine.renderer.prompt(ASKED[0][0])
    logprobs = network(input_ids=torch.tensor([prompt.ids])).logits[0, -1].log_softmax(-1)
    trained = [logprobs[engine.renderer.option_ids(prompt, option)[0]].item() for option in ASKED[1][0]]
    assert served == pytest.approx(trained, abs=1e-4)


def test_one_engine_switches_between_such_an_adapter_a_plain_one_and_none(
    raw: ModelRef, full: Path, tmp_path: Path
) -> None:
    train_sft(Job(raw, replace(QUICK, updates=4, micro_batch=4), 0, tmp_path), ROWS)

    def scores(engine: object, adapter: Path | None) -> list[float]:
        return [x for found in engine.score(*ASKED, adapter) for x in found.logprobs]  # type: ignore[attr-defined]

    alone = {adapter: scores(HF(device="cpu").open(raw), adapter) for adapter in (full, tmp_path, None)}
    assert alone[full] != pytest.approx(alone[None], abs=1e-2) != alone[tmp_path]
    engine = HF(device="cpu").open(raw)
    for adapter in (tmp_path, full, None, tmp_path, None, full):
        assert scores(engine, adapter) == pytest.approx(alone[adapter], abs=1e-5)


def test_a_killed_training_of_full_modules_goes_on_to_the_same_result(
    raw: ModelRef, full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(loop, "stop_if_idle", killed_at(4, loop.stop_if_idle))
        with pytest.raises(Killed):
            train_sft(Job(raw, LEARN, 0, tmp_path), ROWS)
    train_sft(Job(raw, LEARN, 0, tmp_path), ROWS)
    assert_same_run(full, tmp_path)


def test_engines_of_vllm_refuse_modules_trained_in_full(raw: ModelRef, full: Path, make_cell) -> None:
    with pytest.raises(AlignbenchError, match=r"lm_head, embed_tokens.*backend=hf"):
        adapters.verify_served(full, raw, 64)
    with pytest.raises(AlignbenchError, match=r"Server.*use backend=hf"):
        make_cell("culture=iraq", "training=clca_paper", "backend=server")


def test_four_bits_are_refused_left_out_aloud_or_part_of_the_identity(
    raw: ModelRef, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe, "has_nf4", lambda: False)
    with pytest.raises(AlignbenchError, match=r"training\.quantise.*bitsandbytes.*auto or none"):
        Training(quantise=Quantise.nf4)
    automatic = replace(QUICK, quantise=Quantise.auto)
    assert automatic.identity == QUICK.identity
    policy.load_policy(raw, automatic, 0)
    assert "no CUDA with bitsandbytes here" in capsys.readouterr().out
    monkeypatch.setattr(recipe, "has_nf4", lambda: True)
    assert (
        automatic.identity
        == Training(**{**vars(QUICK), "quantise": Quantise.nf4}).identity
        == QUICK.identity | {"quantise": "nf4"}
    )

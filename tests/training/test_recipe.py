"""The presets and what the knobs refuse."""

from dataclasses import replace

import pytest

from alignbench import device
from alignbench.config import conf_dir, instantiate
from alignbench.errors import AlignbenchError
from alignbench.identity import identity
from alignbench.testing import composed
from alignbench.training import Training
from alignbench.training.recipe import Quantise, TrainerKind, Weights

from .kinds import TRAIN
from .world import QUICK, history

PRESETS = sorted(p.stem for p in (conf_dir() / "training").glob("*.yaml"))


def preset(name: str) -> Training:
    training = instantiate(composed(f"training={name}").training)
    assert isinstance(training, Training)
    return training


@pytest.mark.parametrize("name", PRESETS)
def test_presets_compose(name: str) -> None:
    training = preset(name)
    batch = training.prompts_per_update * training.generations
    assert batch % min(training.micro_batch, batch) == 0


def test_the_paper_preset_is_the_authors_configuration() -> None:
    paper = preset("culturerl_paper")
    assert (paper.weights, paper.learning_rate, paper.schedule) == (Weights.full, 5e-6, "cosine")
    assert paper.warmup_updates == 104
    assert (paper.prompts_per_update, paper.generations, paper.updates) == (1, 8, 1035)
    assert (paper.kl_beta, paper.clip_epsilon, paper.loss_type, paper.scale_rewards) == (0.04, 0.2, "dr_grpo", "group")
    assert (paper.temperature, paper.top_p, paper.top_k) == (0.9, 1.0, 50)
    assert (paper.max_prompt_tokens, paper.max_new_tokens) == (512, 1024)


def test_clcas_preset_is_the_authors_configuration() -> None:
    paper = preset("clca_paper")
    assert (paper.weights, paper.lora_r, paper.lora_alpha, paper.lora_dropout) == (Weights.lora, 4, 0.1, 0.5)
    assert paper.lora_targets == ("q_proj", "v_proj") and paper.full_modules == ("lm_head", "embed_tokens")
    assert (paper.learning_rate, paper.prompts_per_update, paper.micro_batch) == (1e-4, 8, 2)
    assert paper.max_prompt_tokens == 2048
    # Germany's published set: 85 dialogues, three views each, three epochs.
    assert (paper.epochs, paper.for_rows(255).updates) == (3, 96)


def test_the_identity_is_the_knobs_and_a_whole_number_is_the_same_however_it_is_written() -> None:
    usual = identity(Training())
    assert repr(usual["lora_alpha"]) == repr(identity(Training(lora_alpha=32.0))["lora_alpha"]) == "32"
    assert identity(Training(epochs=2)) == usual | {"epochs": 2}
    assert identity(Training(lora_alpha=0.1)) == usual | {"lora_alpha": 0.1}


def test_epochs_bound_the_updates() -> None:
    short = Training(updates=10, prompts_per_update=4)
    assert [replace(short, epochs=epochs).for_rows(9).updates for epochs in (0, 1, 2, 9)] == [10, 3, 5, 10]


@pytest.mark.parametrize("knobs", [{"schedule": "cosin"}, {"loss_type": "bnpo"}, {"scale_rewards": "yes"}])
def test_wrong_words_are_refused_by_name(knobs: dict[str, object]) -> None:
    with pytest.raises(AlignbenchError, match=f"training.{next(iter(knobs))}"):
        Training(**knobs)


def test_memory_knobs_do_not_change_the_identity() -> None:
    assert replace(Training(), micro_batch=2, gradient_checkpointing=True).identity == Training().identity
    assert replace(Training(), learning_rate=1e-4).identity != Training().identity


@pytest.mark.parametrize(
    ("flags", "arithmetic"),
    [("avx2 fma", "float32"), ("avx512f avx512_bf16", "float32"), ("avx512_bf16 amx_tile amx_bf16", "bfloat16")],
)
def test_auto_is_the_quicker_arithmetic_of_the_processor(flags, arithmetic, monkeypatch):
    monkeypatch.setattr(device, "has_cuda", lambda: False)
    monkeypatch.setattr(device.Path, "read_text", lambda self, encoding: f"flags\t\t: {flags}")
    assert Training().identity["dtype"] == arithmetic
    assert Training(dtype="float32").identity["dtype"] == "float32"
    assert Training(dtype="bfloat16").identity["dtype"] == "bfloat16"


def test_vllm_draws_from_the_distribution_that_the_update_rates() -> None:
    for cut in ({}, {"top_k": 0, "top_p": 0.9}):
        with pytest.raises(AlignbenchError, match=r"training.vllm = True.*top_k=0 and top_p=1"):
            Training(vllm=True, **cut)
    assert Training(vllm=True, top_k=0).vllm


def test_culturellms_presets_are_the_configurations_of_its_authors_and_of_the_baseline_of_culturerl() -> None:
    """C8: there was no preset of full weights."""
    own, full = preset("culturellm_paper"), preset("culturellm_full")
    assert (own.lora_r, own.lora_alpha, own.lora_dropout, own.quantise) == (64, 16, 0.1, Quantise.auto)
    assert (own.learning_rate, own.schedule, own.max_grad_norm, own.prompts_per_update) == (2e-4, "constant", 0.3, 4)
    assert (full.weights, full.learning_rate, full.schedule) == (Weights.full, 1e-6, "cosine_to_tenth")
    assert (full.warmup, full.max_grad_norm, full.prompts_per_update) == (0.03, 0.2, 16)
    # The published set of a culture has 1,100 rows.
    assert [training.for_rows(1100).updates for training in (own, full)] == [1650, 207]


def test_culturespas_preset_is_the_authors_configuration() -> None:
    paper = preset("culturespa_paper")
    assert (paper.lora_targets, paper.lora_r, paper.lora_alpha) == (("all-linear",), 8, 16)
    assert (paper.learning_rate, paper.schedule, paper.warmup) == (1e-4, "cosine", 0.1)
    assert (paper.prompts_per_update, paper.for_rows(1280).updates) == (128, 10)


def test_subpops_preset_is_the_authors_configuration() -> None:
    paper = preset("subpop_paper")
    assert (paper.lora_targets, paper.lora_r, paper.lora_alpha) == (("q_proj", "v_proj"), 8, 32)
    assert (paper.learning_rate, paper.schedule, paper.prompts_per_update) == (2e-4, "cosine", 128)
    assert paper.for_rows(1280).updates == 500


@pytest.mark.parametrize("kind", [TrainerKind.options_sft, TrainerKind.sft])
def test_a_cosine_may_end_at_a_tenth_of_the_rate(kind, raw, tmp_path) -> None:
    short = QUICK.with_knobs(updates=4, micro_batch=4, checkpoint_every=4)
    ratios = {}
    for schedule in ("cosine", "cosine_to_tenth"):
        TRAIN[kind](raw, short.with_knobs(schedule=schedule), tmp_path / schedule, None)
        rates = [update["learning_rate"] for update in history(tmp_path / schedule)]
        ratios[schedule] = rates[2] / rates[0]
    assert ratios == {"cosine": pytest.approx(0.5), "cosine_to_tenth": pytest.approx(0.1 + 0.9 * 0.5)}

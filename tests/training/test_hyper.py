"""A hyper-network under training: what it writes is what its folded adapters hold, and it tells cultures apart."""

from dataclasses import dataclass, replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from alignbench.backend import forward
from alignbench.backend.loading import load
from alignbench.errors import AlignbenchError
from alignbench.training.hyper import WEIGHTS_FILE, Hyper, HyperForm, HyperLearner, fold, folded
from alignbench.training.hypernetwork import Adapted, HyperNetwork
from alignbench.training.losses import OptionBatch, distribution_sft, smoothed_sft
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Select, Training
from alignbench.training.selection import Job
from alignbench.types import ModelRef

from .world import QUICK, Killed, assert_same_history, history, killed_at, option_rows

SMALL = replace(QUICK, lora_r=4, lora_targets=("q_proj", "v_proj"), updates=3, checkpoint_every=2)
CONTEXTS = {
    "AAA": np.array([1, 0, 0, 1], np.float32),
    "BBB": np.array([0, 1, 0, 1], np.float32),
    "CCC": np.array([0, 0, 1, 1], np.float32),
}
DEFAULT, *OTHERS = HyperForm
CONDITIONED = [form for form in HyperForm if form.conditioned]
EVERY = pytest.mark.parametrize("form", list(HyperForm), ids=lambda form: form.name)


def hyper(form: HyperForm = HyperForm.diagonal, **knobs: float) -> Hyper:
    return Hyper(form, **{"latent": 8, "width": 16, **knobs})  # type: ignore[arg-type]


def turned(target: tuple[float, ...]) -> tuple[float, ...]:
    return target[::-1]


ROWS = [
    *(replace(row, iso3="AAA") for row in option_rows()),
    *(replace(row, iso3="BBB") for row in option_rows(turned)),
]


class Watched(HyperLearner):
    """Keeps the model that it was put into."""

    def load(self, job):
        self.model, tokenizer = super().load(job)
        return self.model, tokenizer


def trained(
    form: HyperForm, model: ModelRef, folder: Path, training: Training = SMALL, loss=distribution_sft, **knobs: float
) -> Watched:
    learner = Watched(hyper(form, **knobs), CONTEXTS if form.conditioned else {})
    train_on_options(Job(model, training, 0, folder), ROWS, loss, learner)
    return learner


def logits(network, model: ModelRef) -> torch.Tensor:
    from alignbench.backend.render import Renderer

    ids = [Renderer.of(model).prompt(row.chat).ids for row in option_rows()]
    with torch.no_grad():
        return forward.logprobs(network.eval(), ids, keep=1)


@pytest.mark.parametrize("form", [DEFAULT, *(pytest.param(form, marks=pytest.mark.long) for form in OTHERS)])
def test_a_folded_adapter_loaded_by_peft_says_what_the_hyper_network_says(form, model, tmp_path):
    learner = trained(form, model, tmp_path / "fit", replace(SMALL, learning_rate=3e-2, updates=6))
    said = []
    for iso3, context in CONTEXTS.items():
        learner.settle_on(iso3)
        live = logits(learner.model, model)
        given = context if form.conditioned else None
        numbers = fold(tmp_path / "fit", learner.hyper, SMALL, given, model.path, tmp_path / iso3)
        worn = PeftModel.from_pretrained(load(model, "cpu")[0], tmp_path / iso3)
        assert worn.peft_config["default"].use_rslora
        torch.testing.assert_close(logits(worn, model), live, rtol=0, atol=1e-4)
        assert numbers == sum(w.numel() for n, w in worn.named_parameters() if "lora_" in n)
        said.append(live)
    bare = logits(load(model, "cpu")[0], model)
    assert (said[0] - bare).abs().max() > 1e-2
    assert bool((said[0] - said[2]).abs().max() > 1e-3) is form.conditioned


def test_without_the_rank_stabilised_scale_the_adapter_would_say_something_else(model, tmp_path):
    learner = trained(HyperForm.diagonal, model, tmp_path / "fit", replace(SMALL, learning_rate=3e-2, updates=6))
    fold(tmp_path / "fit", learner.hyper, SMALL, CONTEXTS["AAA"], model.path, tmp_path / "own")
    config = tmp_path / "own" / "adapter_config.json"
    config.write_text(config.read_text().replace('"use_rslora": true', '"use_rslora": false'))
    learner.settle_on("AAA")
    worn = PeftModel.from_pretrained(load(model, "cpu")[0], tmp_path / "own")
    assert (logits(worn, model) - logits(learner.model, model)).abs().max() > 1e-3


@pytest.mark.long
@pytest.mark.parametrize("form", CONDITIONED, ids=lambda form: form.name)
def test_opposite_answers_of_two_cultures_are_learnt_by_one_network(form, model, tmp_path):
    longer = replace(SMALL, updates=80, prompts_per_update=8, learning_rate=1e-2)
    apart = trained(form, model, tmp_path / "apart", longer, neftune=0.0)
    together = trained(HyperForm.multi_task, model, tmp_path / "together", longer, neftune=0.0)
    assert apart and together
    losses = [np.mean([h["loss"] for h in history(tmp_path / name)[-5:]]) for name in ("apart", "together")]
    assert losses[0] < losses[1] - 0.05


def test_heads_begin_at_zero_with_a_bias_and_all_that_is_shared_learns(model, tmp_path):
    modules = [Adapted.of(f"layers.{i}.self_attn.q_proj", 8, 8) for i in range(3)]
    network = HyperNetwork(modules, read=4, written={"q_proj": 4}, latent=64, width=512)
    head = network.heads["q_proj"]
    assert not head.weight.any() and 0 < head.bias.abs().max() <= 1 / sqrt(512)
    # Encoded context 64, layer and module 32 each.
    assert network.context[0].out_features == 64
    assert {part[0].embedding_dim for part in (network.depth, network.kind)} == {32}
    learner = trained(HyperForm.diagonal, model, tmp_path)
    moved = load_file(tmp_path / WEIGHTS_FILE)
    assert all(weight.any() for name, weight in moved.items() if name.startswith("B."))
    assert all(weight.any() for name, weight in moved.items() if ".heads." in name)
    assert len(learner.modules) == sum(name.startswith("B.") for name in moved)


def test_the_facts_count_what_is_trained(model, tmp_path):
    learner = Watched(hyper(), CONTEXTS)
    facts = train_on_options(Job(model, SMALL, 0, tmp_path), ROWS, distribution_sft, learner)
    shared = sum(SMALL.lora_r * (module.inputs + module.outputs) for module in learner.modules)
    network = sum(weight.numel() for weight in learner.model.hypernetwork.parameters())
    assert facts["trained_parameters"] == shared + network and network > 0


@EVERY
def test_the_regulariser_is_the_published_sum(form, model, tmp_path):
    learner = trained(form, model, tmp_path, regulariser=0.5)
    learner.speak_for(["AAA", "BBB"])
    expected = 0.0
    for name, (first, second) in learner.layers.items():
        for row in range(2):
            written = learner.written[name][row : row + 1] if form.conditioned else None
            a, b = folded(form, written, first.weight, second.weight)
            expected += (a.square().mean() + b.square().mean()).item() / 2
    assert learner.penalty().item() == pytest.approx(0.5 * expected, rel=1e-4)
    if form is HyperForm.full:
        z = learner.written[name][0].reshape(4, 4)
        torch.testing.assert_close(
            folded(form, learner.written[name], first.weight, second.weight)[0][0], z @ first.weight
        )


def test_noise_is_in_training_alone(model, tmp_path):
    learner = trained(HyperForm.multi_task, model, tmp_path, neftune=50.0)
    embed, ids = learner.model.get_input_embeddings(), torch.arange(6)[None]
    learner.model.eval()
    still = embed(ids)
    learner.model.train()
    moved = (embed(ids) - still).abs().max().item()
    assert 0 < moved <= 50 / sqrt(6 * still.shape[-1]) + 1e-5


def test_smoothing_is_that_of_a_cross_entropy_over_the_vocabulary():
    logp = torch.randn(2, 9, generator=torch.Generator().manual_seed(0)).log_softmax(1)
    labels, target = torch.tensor([[3, 5], [1, 2]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    batch = OptionBatch(logp, labels, torch.ones(2, 2, dtype=torch.bool), target, None, None, [], Training())
    expected = torch.nn.functional.cross_entropy(logp, torch.tensor([3, 2]), label_smoothing=0.1, reduction="none")
    torch.testing.assert_close(smoothed_sft(batch, 0.1).loss, expected)


def test_contexts_are_taken_from_their_mean_and_a_new_one_by_the_same_mean(model, tmp_path):
    learner = trained(HyperForm.diagonal, model, tmp_path)
    assert all(np.linalg.norm(told) == pytest.approx(1) for told in learner.contexts.values())
    assert np.abs(np.mean([*learner.contexts.values()], axis=0)).max() < 1e-6
    assert load_file(tmp_path / WEIGHTS_FILE)["middle"].tolist() == np.mean([*CONTEXTS.values()], axis=0).tolist()
    plain = HyperLearner(replace(hyper(), centred=False), CONTEXTS)
    assert plain.centre is None and plain.contexts["AAA"].tolist() == CONTEXTS["AAA"].tolist()


def test_a_killed_training_goes_on_to_the_same_network(model, tmp_path):
    training = replace(SMALL, updates=4, lora_dropout=0.1)
    trained(HyperForm.diagonal, model, tmp_path / "unbroken", training)
    with pytest.raises(Killed):
        trained(HyperForm.diagonal, model, tmp_path / "broken", training, killed_at(6, distribution_sft))
    trained(HyperForm.diagonal, model, tmp_path / "broken", training)
    one, other = (load_file(tmp_path / name / WEIGHTS_FILE) for name in ("unbroken", "broken"))
    assert one.keys() == other.keys()
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], rtol=1e-4, atol=1e-6)
    assert_same_history(tmp_path / "unbroken", tmp_path / "broken")


def test_checkpoints_are_kept_and_the_validated_one_is_left(model, tmp_path):
    rated = iter([0.9, 0.1])
    job = Job(
        model, replace(SMALL, select=Select.validation, keep_checkpoints=True), 0, tmp_path, lambda s: next(rated)
    )
    facts = train_on_options(job, ROWS, distribution_sft, HyperLearner(hyper(), CONTEXTS))
    kept = {p.name: load_file(p / WEIGHTS_FILE) for p in (tmp_path / "kept").iterdir()}
    left = load_file(tmp_path / WEIGHTS_FILE)
    assert sorted(kept) == ["2", "3"] and facts["selected_update"] == 2
    assert all(torch.equal(left[name], weight) for name, weight in kept["2"].items())
    assert not all(torch.equal(left[name], weight) for name, weight in kept["3"].items())


def test_what_a_form_does_not_read_is_at_its_default():
    knobs = {"latent": 10, "width": 20, "centred": False, "regulariser": 0.3}
    assert Hyper(HyperForm.full, **knobs).read == Hyper(HyperForm.full, **knobs)
    assert Hyper(HyperForm.one_hot, **knobs).read == Hyper(HyperForm.one_hot, latent=10, width=20, regulariser=0.3)
    assert Hyper(HyperForm.multi_task, **knobs).read == Hyper(HyperForm.multi_task, regulariser=0.3)


@dataclass(frozen=True)
class Layers:
    """Two layers whose value projections differ."""

    modules = (Adapted.of("layers.0.v_proj", 4, 4), Adapted.of("layers.1.v_proj", 4, 8))


def test_layers_of_unlike_sizes_are_refused_where_all_is_written():
    from alignbench.training.hyper import written_sizes

    assert written_sizes(HyperForm.full, Layers.modules, 3) == {"v_proj": 9}
    with pytest.raises(AlignbenchError, match="unlike sizes"):
        written_sizes(HyperForm.text_to_lora, Layers.modules, 3)

"""A hyper-network as what a training of one-token answers trains, and the ordinary adapters that come out of it.

Forms, sizes and settings are those of Zhyper's authors (Abdalla et al. 2025, public code); see
:mod:`alignbench.training.hypernetwork` for the network itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignbench.backend import Usage
from alignbench.seeds import seed_of
from alignbench.training.export import export, keep
from alignbench.training.options import Learner
from alignbench.training.policy import load_policy, trainable
from alignbench.training.recipe import Training
from alignbench.training.rows import OptionRow
from alignbench.training.selection import Job
from alignbench.types import check

if TYPE_CHECKING:
    from torch import Tensor

    from alignbench.training.hypernetwork import Adapted

# What a finished training holds: the network, LoRA's shared matrices, and the middle of the contexts.
WEIGHTS_FILE = "hypernetwork.safetensors"
_NETWORK, _A, _B, _MIDDLE = "network.", "A.", "B.", "middle"


class HyperForm(Enum):
    """What is written for a culture; the last four are the paper's baselines."""

    diagonal = "diagonal"  # Zhyper: r numbers a module
    full = "full"  # Zhyper: r x r numbers a module
    text_to_lora = "text_to_lora"  # all of A and B
    one_hot = "one_hot"  # as diagonal, for the number of a culture in place of a text
    multi_task = "multi_task"  # nothing: one LoRA for all cultures
    per_culture = "per_culture"  # nothing: one LoRA for each culture

    @property
    def conditioned(self) -> bool:
        """Whether anything is written."""
        return self not in (HyperForm.multi_task, HyperForm.per_culture)

    @property
    def reads_text(self) -> bool:
        """Whether it is written for a description."""
        return self.conditioned and self is not HyperForm.one_hot


@dataclass(frozen=True)
class Hyper:
    """How a hyper-network is made and trained.

    Attributes:
        latent, width: as for :class:`~alignbench.training.hypernetwork.HyperNetwork`.
        centred: contexts are taken from the mean of the training's, and brought to length one.
        regulariser: weight of the sum over modules of mean((ZA)^2) + mean(B^2).
        neftune: noise on the embedded prompt in training, uniform in +-neftune / sqrt(tokens x width of the embedding)
            (Jain et al. 2023).
        weight_decay: AdamW's.
    """

    form: HyperForm
    latent: int = 64
    width: int = 512
    centred: bool = True
    regulariser: float = 1e-3
    neftune: float = 5.0
    weight_decay: float = 0.01

    @property
    def read(self) -> Hyper:
        """The same with what this form does not read at its default."""
        if self.form.reads_text:
            return self
        sizes = (self.latent, self.width) if self.form.conditioned else (Hyper.latent, Hyper.width)
        return Hyper(self.form, *sizes, Hyper.centred, self.regulariser, self.neftune, self.weight_decay)


def middle(contexts: Sequence[ArrayLike]) -> NDArray[np.float32]:
    """The mean of contexts, (numbers,)."""
    return np.asarray(np.mean(np.asarray(contexts, np.float32), axis=0))


def placed(context: ArrayLike, centre: ArrayLike) -> NDArray[np.float32]:
    """A context as seen from ``centre``, of length one; the centre itself is all zeros."""
    apart = np.asarray(context, np.float32) - np.asarray(centre, np.float32)
    length = np.linalg.norm(apart)
    return np.asarray(apart / length if length > 0 else apart, np.float32)


class HyperLearner(Learner):
    """LoRA matrices that all cultures share, and a network that writes what stands between them.

    Args:
        contexts: iso3 -> what the network reads of the culture, arrays of one length; empty for a form that reads none.
    """

    def __init__(self, hyper: Hyper, contexts: Mapping[str, ArrayLike]) -> None:
        self.hyper, self.weight_decay = hyper, hyper.weight_decay
        self.centre = middle([*contexts.values()]) if hyper.form.reads_text and hyper.centred else None
        self.contexts = {c: v if self.centre is None else placed(v, self.centre) for c, v in contexts.items()}
        self.modules: list[Adapted] = []
        # Name of a module -> its LoRA layers, and what was written for it for the rows at hand.
        self.layers: dict[str, tuple[Any, Any]] = {}
        self.written: dict[str, Tensor] = {}
        self.network: Any = None

    def load(self, job: Job) -> tuple[Any, Any]:
        """The model with the hyper-network in it, and its tokenizer.

        Raises:
            AlignbenchError: modules of one name differ in size, so that one head cannot write their matrices.
        """
        import torch

        from alignbench.training.hypernetwork import Adapted, HyperNetwork

        model, tokenizer = load_policy(job.model, job.training, job.seed, rank_stabilised=True)
        for path, module in model.get_base_model().named_modules():
            if hasattr(module, "lora_A"):
                first, second = module.lora_A["default"], module.lora_B["default"]
                self.modules.append(Adapted.of(path, first.in_features, second.out_features))
                self.layers[path] = (first, second)
        if self.hyper.form.conditioned:
            torch.manual_seed(seed_of(job.seed, "hypernetwork"))
            read = len(np.asarray(next(iter(self.contexts.values()))))
            sizes = written_sizes(self.hyper.form, self.modules, job.training.lora_r)
            network = HyperNetwork(self.modules, read, sizes, self.hyper.latent, self.hyper.width)
            self._begin_as_lora(network)
            # A part of the model: its weights are trained, saved and restored with the others.
            model.add_module("hypernetwork", network.to(model.device))
            self.network = model.hypernetwork
            self._hook()
        if self.hyper.neftune:
            model.get_input_embeddings().register_forward_hook(partial(_noisy, self.hyper.neftune))
        return model, tokenizer

    def _begin_as_lora(self, network: Any) -> None:
        """Where all of A and B is written, the biases begin as LoRA does, and its own matrices stay as they are."""
        import torch

        if self.hyper.form is not HyperForm.text_to_lora:
            return
        for module in self.modules:
            first, second = (layer.weight for layer in self.layers[module.name])
            with torch.no_grad():
                network.heads[module.kind].bias.copy_(torch.cat([first.flatten(), second.flatten()]))
            for weight in (first, second):
                weight.requires_grad_(False)

    def _hook(self) -> None:
        """What is written takes its place between the matrices, or theirs."""
        for name, (first, second) in self.layers.items():
            if self.hyper.form is HyperForm.text_to_lora:
                first.register_forward_hook(partial(self._replaced, name, 0))
                second.register_forward_hook(partial(self._replaced, name, 1))
            else:
                first.register_forward_hook(partial(self._turned, name))

    def _turned(self, name: str, layer: Any, given: Any, found: Tensor) -> Tensor:
        """Z A x of each row, from A x of shape (B, tokens, r)."""
        z = self.written[name]
        if self.hyper.form is HyperForm.full:
            return found @ _square(z).mT
        return found * z[:, None]

    def _replaced(self, name: str, which: int, layer: Any, given: tuple[Tensor], found: Tensor) -> Tensor:
        """A x or B x of each row, by the matrix that was written for it."""
        return given[0] @ folded(self.hyper.form, self.written[name], *self._weights(name))[which].mT

    def _weights(self, name: str) -> tuple[Tensor, Tensor]:
        first, second = self.layers[name]
        return first.weight, second.weight

    def turn_to(self, rows: Sequence[OptionRow]) -> None:
        """Write for the culture of each row."""
        self.speak_for([row.iso3 for row in rows])

    def speak_for(self, countries: Sequence[str]) -> None:
        """Write for these cultures (iso3), a row each; a single one holds for all rows of a forward."""
        import torch

        if self.network is not None:
            device = next(self.network.parameters()).device
            told = np.stack([np.asarray(self.contexts[iso3], np.float32) for iso3 in countries])
            self.written = self.network(torch.from_numpy(told).to(device))

    def settle_on(self, iso3: str) -> None:
        """Write for one culture as its adapter will have it: without dropout and without gradient."""
        import torch

        if self.network is not None:
            self.network.eval()
            with torch.no_grad():
                self.speak_for([iso3])
            self.network.train()

    def penalty(self) -> Tensor | float:
        """The regulariser, a mean over the rows at hand."""
        found: Tensor | float = 0.0
        for name in self.layers:
            matrices = folded(self.hyper.form, self.written.get(name), *self._weights(name))
            found = found + sum(matrix.square().mean() for matrix in matrices)
        return self.hyper.regulariser * found

    def keep(self, network: Any, tokenizer: Any, job: Job, update: int) -> None:
        """Write the network and the shared matrices as they stand."""
        keep(network, tokenizer, job, update, write=self._write)

    def export(
        self, network: Any, tokenizer: Any, job: Job, history: Sequence[dict[str, Any]], usage: Usage
    ) -> dict[str, Any]:
        """Write the network and the shared matrices, with their record."""
        facts = export(network, tokenizer, job, history, usage, write=self._write)
        return {**facts, "trained_parameters": sum(weight.numel() for weight in trainable(network).values())}

    def _write(self, folder: Path) -> None:
        from safetensors.torch import save_file

        tensors = {} if self.network is None else {_NETWORK + k: v for k, v in self.network.state_dict().items()}
        if self.hyper.form is not HyperForm.text_to_lora:
            for name in self.layers:
                tensors |= dict(zip((_A + name, _B + name), self._weights(name), strict=True))
        if self.centre is not None:
            import torch

            tensors[_MIDDLE] = torch.from_numpy(self.centre)
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        said = {"modules": json.dumps([asdict(module) for module in self.modules])}
        save_file(whole, folder / WEIGHTS_FILE, metadata=said)


def written_sizes(form: HyperForm, modules: Sequence[Adapted], rank: int) -> dict[str, int]:
    """Kind of module -> how many numbers are written for one of it.

    Raises:
        AlignbenchError: modules of one kind differ in size where all of A and B is written.
    """
    sizes: dict[str, int] = {}
    for module in modules:
        both = rank * (module.inputs + module.outputs)
        size = {HyperForm.full: rank * rank, HyperForm.text_to_lora: both}.get(form, rank)
        alike = sizes.setdefault(module.kind, size) == size
        remedy = f"layers of this model have {module.kind} of unlike sizes: use diagonal or full"
        check(alike, "method.form", form.name, remedy)
    return sizes


def folded(form: HyperForm, written: Tensor | None, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """The matrices of an ordinary LoRA for what was written, (B, r, inputs) and (B, outputs, r); B is 1 where shared.

    Args:
        written: (B, numbers); None for a form that writes nothing.
        a, b: the shared matrices, (r, inputs) and (outputs, r).
    """
    if written is None:
        return a[None], b[None]
    if form is HyperForm.text_to_lora:
        first, second = written[..., : a.numel()], written[..., a.numel() :]
        return first.reshape(-1, *a.shape), second.reshape(-1, *b.shape)
    return (_square(written) @ a if form is HyperForm.full else written[:, :, None] * a), b[None]


def _square(written: Tensor) -> Tensor:
    rank = round(written.shape[-1] ** 0.5)
    return written.reshape(-1, rank, rank)


def _noisy(alpha: float, layer: Any, given: Any, found: Tensor) -> Tensor:
    """NEFTune: noise on embedded tokens, (B, tokens, width), in training alone."""
    import torch

    if not layer.training:
        return found
    reach = alpha / (found.shape[1] * found.shape[2]) ** 0.5
    return found + torch.empty_like(found).uniform_(-reach, reach)


def fold(saved: Path, hyper: Hyper, training: Training, context: ArrayLike | None, base: Path, folder: Path) -> int:
    """Write the ordinary adapter of one context to ``folder``; how many numbers it holds.

    Z is multiplied into A, so that PEFT, vLLM and whatever else serves LoRA serves it; the rank-stabilised scale stands
    in its configuration.

    Args:
        saved: folder with :data:`WEIGHTS_FILE`.
        training: whose rank and alpha the adapter has.
        context: as the network's training was given them; None for a form that reads none.
        base: folder of the base model.
    """
    import torch
    from peft import LoraConfig
    from safetensors import safe_open
    from safetensors.torch import save_file

    from alignbench.training.hypernetwork import Adapted, HyperNetwork, state

    rank = training.lora_r
    with safe_open(saved / WEIGHTS_FILE, "pt") as file:
        modules = [Adapted(**entry) for entry in json.loads(file.metadata()["modules"])]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    written: Mapping[str, Tensor] = {}
    if context is not None:
        told = np.asarray(context, np.float32)
        told = placed(told, tensors[_MIDDLE].numpy()) if _MIDDLE in tensors else told
        sizes = written_sizes(hyper.form, modules, rank)
        network = HyperNetwork(modules, len(told), sizes, hyper.latent, hyper.width)
        network.load_state_dict(state(tensors, _NETWORK))
        with torch.no_grad():
            written = network.eval()(torch.from_numpy(told)[None])
    own = {}
    for module in modules:
        name = module.name
        shapes = (rank, module.inputs), (module.outputs, rank)
        shared = (tensors.get(key + name, torch.empty(shape)) for key, shape in zip((_A, _B), shapes, strict=True))
        for key, matrix in zip("AB", folded(hyper.form, written.get(name), *shared), strict=True):
            own[f"base_model.model.{name}.lora_{key}.weight"] = matrix[0].contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(own, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    LoraConfig(
        r=rank,
        lora_alpha=training.lora_alpha,
        lora_dropout=training.lora_dropout,
        use_rslora=True,
        target_modules=sorted({module.kind for module in modules}),
        task_type="CAUSAL_LM",
        base_model_name_or_path=str(base),
        inference_mode=True,
    ).save_pretrained(str(folder))
    return sum(matrix.numel() for matrix in own.values())

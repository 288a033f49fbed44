"""What every method returns: a change of weights (or none) and a prompt policy (or none)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from alignbench.backend import Engine
from alignbench.identity import recorded
from alignbench.store.stage import Stage, Tools
from alignbench.types import ModelRef, PromptPolicy

# Folder of a training stage that changed all weights; adapters lie in the stage's folder itself.
WEIGHTS = "model"
# Folder of a training stage with the checkpoints that it kept: one folder for each, named by its update.
KEPT = "kept"


@dataclass(frozen=True)
class ModelSession:
    """An aligned model at work: an engine, the adapter to serve with it, and a policy that has all it reads."""

    engine: Engine
    adapter: Path | None
    policy: PromptPolicy


@dataclass(frozen=True)
class AlignedModel:
    """A base model, what was learnt, and how it is spoken to; as an input of a stage it counts by these three.

    Attributes:
        training: the stage that leaves an adapter or weights; None where no weight changes.
        notes: sentences that every table with this model must carry.
    """

    base: ModelRef
    training: Stage | None = None
    policy: PromptPolicy = field(default_factory=PromptPolicy)
    notes: tuple[str, ...] = recorded(())

    @property
    def prompted_base(self) -> AlignedModel:
        """The base model under the same policy: the same words, nothing learnt."""
        return replace(self, training=None)

    @property
    def is_prompted(self) -> bool:
        """Whether it is spoken to in another way than the plain base model."""
        return self.policy != PromptPolicy()

    def at_work(self, tools: Tools, update: int | None = None) -> ModelSession:
        """The model on its engine; no weights are loaded yet.

        Args:
            update: of a checkpoint that the training kept; None for the weights that it exported.
        """
        model, adapter, policy = self.base, None, self.policy.ready(tools.folder)
        if self.training is not None:
            adapter, key = tools.folder(self.training), tools.key(self.training)
            if update is not None:
                adapter, key = adapter / KEPT / str(update), f"{key}@{update}"
            if (weights := adapter / WEIGHTS).is_dir():
                model, adapter = replace(model, name=f"{model.name}+{key}", path=weights, fingerprint=key), None
        return ModelSession(tools.engine(model), adapter, policy)

"""What every method returns: a change of weights or of activations (or none) and a prompt policy (or none)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from alignbench.backend import Engine
from alignbench.backend.steering import SteeredEngine, SteeringVector
from alignbench.identity import recorded
from alignbench.store.stage import Stage, Tools
from alignbench.types import ModelRef, PromptPolicy, check

# Folder of a training stage that changed all weights; adapters lie in the stage's folder itself.
WEIGHTS = "model"
# Folder of a training stage with the checkpoints that it kept: one folder for each, named by its update.
KEPT = "kept"


@dataclass(frozen=True)
class ModelSession:
    """An aligned model at work: an engine, the adapter to serve with it, and a policy that has all it reads.

    A model that is steered is at work on an engine that steers; whoever asks it need not know.
    """

    engine: Engine
    adapter: Path | None
    policy: PromptPolicy


@dataclass(frozen=True)
class AlignedModel:
    """A base model, what was learnt, and how it is spoken to; as an input of a stage it counts by these.

    Attributes:
        training: the stage that leaves an adapter or weights; None where no weight changes.
        steering: the stage that leaves a :class:`~alignbench.backend.steering.SteeringVector`; None where no activation
            changes. Never beside a training: the vector is measured on the base model, and means nothing on another.
        notes: sentences that every table with this model must carry.
    """

    base: ModelRef
    training: Stage | None = None
    policy: PromptPolicy = field(default_factory=PromptPolicy)
    notes: tuple[str, ...] = recorded(())
    steering: Stage | None = None

    def __post_init__(self) -> None:
        remedy = "a vector is measured on the base model: steer it, or train it"
        check(self.training is None or self.steering is None, "method", "trained and steered", remedy)

    @property
    def learnt(self) -> Stage | None:
        """The stage that changes what it does besides how it is spoken to; None of a base model under any prompt."""
        return self.training or self.steering

    @property
    def prompted_base(self) -> AlignedModel:
        """The base model under the same policy: the same words, nothing learnt."""
        return replace(self, training=None, steering=None)

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
        engine = tools.engine(model)
        if self.steering is not None:
            engine = SteeredEngine(engine, SteeringVector.load(tools.folder(self.steering)))
        return ModelSession(engine, adapter, policy)

"""What CNCA's two ways of fine-tuning share: knobs, chains, and the policy that thinks before it answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.method import Method, RunContext
from alignbench.method.distil import Chain, Distillation, counts, distil
from alignbench.norms.mining import Mining
from alignbench.progress import say
from alignbench.training import Training
from alignbench.training.export import aligned
from alignbench.types import AlignedModel, PromptPolicy, Sampling, check


@dataclass(frozen=True)
class FineTuned(Method):
    """Knobs of mining, of the chains that are learnt, and of the thoughts at the end; all values are ours ([I])."""

    # tq_ta | tq_ra: what the author of the low-level norms is told.
    mining: Mining = Mining.tq_ta
    # Whether the norms name the country, or speak of "people here".
    named: bool = True
    # Training items to reason about, those on which countries differ most.
    items: int = 24
    # Chains sampled for each, for a laptop; 8 is our guess at the paper's K.
    chains: int = 4
    thought_tokens: int = 48
    temperature: float = 0.6
    top_p: float = 0.95
    # Thoughts sampled for each question when the model is asked; 0 asks for the answer at once.
    asked_chains: int = 1
    # Share of training.updates: a chain has several times the tokens of an answer, so this makes budgets alike.
    effort: float = 0.25

    def __post_init__(self) -> None:
        remedy = "chains need a norm for each item: choose tq_ta or tq_ra"
        check(self.mining is not Mining.t, "method.mining", "t", remedy)
        for knob in ("items", "chains", "thought_tokens"):
            check(getattr(self, knob) > 0, f"method.{knob}", getattr(self, knob), "give a positive number")
        check(self.effort > 0, "method.effort", self.effort, "give a positive share of training.updates")
        check(self.asked_chains >= 0, "method.asked_chains", self.asked_chains, "give a number, or 0")

    def training_of(self, context: RunContext) -> Training:
        """The training at this method's effort, with room for a whole thought.

        A thought may have more tokens when it is read than when it was written.
        """
        training = context.training
        room = max(training.max_new_tokens, 4 * self.thought_tokens + 1)
        return training.with_knobs(max_new_tokens=room, updates=max(1, round(self.effort * training.updates)))

    @abstractmethod
    def learn(self, context: RunContext, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Train on the chains and leave an adapter in ``folder``.

        Raises:
            AlignbenchError: too few chains are right (or, for pairs, wrong).
        """

    def fit(self, context: RunContext) -> AlignedModel:
        """Mine, distil, train."""
        sampling = (self.thought_tokens, self.temperature, self.top_p)
        knobs = Distillation(self.mining, self.named, self.items, self.chains, *sampling)
        source, chains = distil(context, knobs)
        found = counts(chains)
        say(f"  chains {found['right']} of {found['chains']} are right, on {found['items_with_right']} items")
        parts = {
            "method": self.parts,
            "distil": source.key,
            "training": context.training.parts,
            "seed": context.seed,
        }
        stage = context.store.stage("fit", parts, lambda folder: {**found, **self.learn(context, chains, folder)})
        thinking = Sampling(self.thought_tokens, self.temperature, self.top_p, self.asked_chains, context.seed)
        policy = PromptPolicy(reasoning=thinking if self.asked_chains else None)
        result = aligned(context.model, stage, policy)
        provenance = {**result.provenance, "distil": source.key}
        return replace(result, provenance=provenance, notes=(context.author.note,))

"""What CNCA's two ways of fine-tuning share: knobs, chains, and the policy that thinks before it answers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Component, Count, Maybe, NotNegative, OneOf, Positive, PositiveShare
from alignbench.context import RunContext
from alignbench.progress import say
from alignbench.steps.distil import Chain, Distil
from alignbench.steps.mining import MiningInput, low_norms
from alignbench.steps.practice import Fit, of_run
from alignbench.store.stage import Tools
from alignbench.training import Training
from alignbench.training.recipe import TrainerKind
from alignbench.types import PromptPolicy, Sampling


@dataclass(frozen=True)
class CNCA(Component):
    """Knobs of mining, of the chains that are learnt, and of the thoughts at the end; all values are ours ([I])."""

    _trainer: ClassVar[TrainerKind]

    # tq_ta | tq_ra: what the author of the low-level norms is told; chains need a norm for each item.
    mining: Annotated[MiningInput, OneOf(MiningInput.tq_ta, MiningInput.tq_ra)] = MiningInput.tq_ta
    # Whether the norms name the country, or speak of "people here".
    named: bool = True
    # Training items to reason about, those on which countries differ most.
    items: Count = 24
    # Chains sampled for each, for a laptop; 8 is our guess at the paper's K.
    chains: Count = 4
    thought_tokens: Count = 48
    temperature: NotNegative = 0.6
    top_p: PositiveShare = 0.95
    # Thoughts sampled for each question when the model is asked; 0 asks for the answer at once.
    asked_chains: Maybe = 1
    # Share of training.updates: a chain has several times the tokens of an answer, so this makes budgets alike.
    effort: Positive = 0.25

    @abstractmethod
    def learning(self, **common: Any) -> LearnChains:
        """The training stage; ``common`` are the fields of :class:`LearnChains`."""

    def align(self, context: RunContext) -> AlignedModel:
        """Mine, distil, learn the chains; the model then thinks before it answers."""
        source = Distil(
            mined=low_norms(context, self.mining, self.named),
            train=context.train,
            iso3=context.culture.iso3,
            model=context.model,
            asking=context.asking,
            items=self.items,
            sampling=self._thinking(self.chains, context.seed),
        )
        fit = self.learning(source=source, **of_run(context, self._trainer, training=self._training(context.training)))
        thinking = self._thinking(self.asked_chains, context.seed) if self.asked_chains else None
        return AlignedModel(context.model, fit, PromptPolicy(reasoning=thinking), (context.author.note,))

    def _thinking(self, chains: int, seed: int) -> Sampling:
        return Sampling(self.thought_tokens, self.temperature, self.top_p, chains, seed)

    def _training(self, training: Training) -> Training:
        """The training at this method's effort, with room for a whole thought.

        A thought may have more tokens when it is read than when it was written.
        """
        room = max(training.max_prompt_tokens, 4 * self.thought_tokens + 1)
        return training.with_knobs(max_prompt_tokens=room, updates=max(1, round(self.effort * training.updates)))


@dataclass(frozen=True, kw_only=True)
class LearnChains(Fit):
    """A training on chains of thought."""

    source: Distil

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: too few chains are right (or, for pairs, wrong).
        """
        chains = self.source.chains(tools)
        right = [chain for chain in chains if chain.right]
        items = len({chain.item for chain in right})
        say(f"  chains {len(right)} of {len(chains)} are right, on {items} items")
        found = {"chains": len(chains), "right": len(right), "items_with_right": items}
        return {**found, **self.learn(chains, folder)}

    @abstractmethod
    def learn(self, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Train on the chains."""

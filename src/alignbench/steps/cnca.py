"""What CNCA's two ways of fine-tuning share: knobs, chains, and the policy that thinks before it answers.

Source: Wang, Zhu, Sang, AAAI 2026 (arXiv 2511.13359), of which only the abstract and the captions are readable;
``CNCA.PAPER`` says step by step what is known of it and what is ours.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Count, Maybe, OneOf, Positive
from alignbench.context import RunContext
from alignbench.progress import say
from alignbench.steps.distil import Chain, Distil
from alignbench.steps.lessons import Disclosure
from alignbench.steps.mining import MiningInput, low_norms
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, of_run
from alignbench.steps.texts import rendered
from alignbench.steps.thinking import ThinksFirst
from alignbench.store.stage import Tools
from alignbench.training import Training
from alignbench.training.recipe import TrainerKind
from alignbench.types import PromptPolicy, Sampling, check


@dataclass(frozen=True)
class CNCA(ThinksFirst):
    """Knobs of mining, of the chains that are learnt, and of the thoughts at the end; all values are ours ([I])."""

    _trainer: ClassVar[TrainerKind]

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "A small part of a survey, aggregated by country",
            "alignbench.data.survey.Survey",
            note="the training batteries of `survey=`; the paper's survey, countries and items are not readable",
        ),
        PaperStep(
            "Norms from a topic alone, from questions with the top answer, or with ranked answers",
            "alignbench.steps.mining.MiningInput",
            {"method.mining": ("tq_ta", "tq_ta")},
            "the top answer did best in context; chains need a norm for each item, so the topic alone is for "
            "`method=cnca_incontext`",
        ),
        PaperStep(
            "Norms written by a language model",
            "alignbench.norms.author.llm.LLMAuthor",
            {"author": ("template", "llm")},
            "any model (`generator@author.generator=`); the paper's are not readable",
        ),
        PaperStep(
            "High-level norms out of low-level ones",
            "alignbench.steps.mining.Abstract",
            note="`method.norms_per_topic` of `cnca_incontext` says how many; the numbers tried are not readable",
        ),
        PaperStep(
            "In context: norms in the user's message",
            "alignbench.steps.topic_norms.TopicNorms",
            note="`method=cnca_incontext`; norms of the question's topic, in the system message; which norms a "
            "question gets is not readable",
        ),
        PaperStep(
            "Reasoning models with chains of their own",
            "alignbench.backend.template.ChatTemplate.thinking",
            note="`model=qwen3_*_thinking` or `deepseek_r1_*`; the default model has none, and is asked for thoughts "
            "in words. The paper's models and budgets are not readable",
        ),
        PaperStep(
            "Chains that the model samples with norms in view",
            "alignbench.steps.distil.Distil",
            note="the norm of the item, dropped from what is learnt; items, chains and sampling are not readable, and "
            "ours are knobs",
        ),
        PaperStep(
            "The country in the prompt",
            "alignbench.steps.lessons.Disclosure",
            note="only the abstract is readable: `method.told` names it or not, `method.named` in context",
        ),
        PaperStep(
            "CNCA-SFT: right chains learnt",
            "alignbench.method.cnca_sft.LearnRight",
            note="right is the country's top answer; hyper-parameters are not readable",
        ),
        PaperStep(
            "CNCA-DPO: right chains preferred to wrong ones",
            "alignbench.method.cnca_dpo.LearnPreferences",
            note="a right and a wrong chain of the same item; hyper-parameters are not readable",
        ),
        PaperStep(
            "Alignment score",
            "alignbench.evaluation.score.score_items",
            note="1 - JSD of all answers; the paper's formula is not readable",
        ),
        PaperStep(
            "Cultural sets out of distribution",
            "alignbench.runs.benchmarks.run_benchmark",
            note="`task=benchmark`, thoughts included; the paper's sets are not readable",
        ),
    )

    # tq_ta | tq_ra: what the author of the low-level norms is told; chains need a norm for each item.
    mining: Annotated[MiningInput, OneOf(MiningInput.tq_ta, MiningInput.tq_ra)] = MiningInput.tq_ta
    # When the country is named: in the chains that are sampled and learnt, and when the model is asked. With never the
    # norms, too, speak of "people here".
    told: Disclosure = Disclosure.always
    # Training items to reason about, those on which countries differ most.
    items: Count = 24
    # Chains sampled for each, for a laptop; 8 is our guess at the paper's K.
    chains: Count = 4
    # Thoughts sampled for each question when the model is asked; 0 asks for the answer at once.
    asked_chains: Maybe = 1
    # Share of training.updates: a chain has several times the tokens of an answer, so this makes budgets alike.
    effort: Positive = 0.25

    @abstractmethod
    def learning(self, **common: Any) -> LearnChains:
        """The training stage; ``common`` are the fields of :class:`LearnChains`."""

    def align(self, context: RunContext) -> AlignedModel:
        """Mine, distil, learn the chains; the model then thinks before it answers."""
        iso3, sampling = context.culture.iso3, self.thoughts(context, self.chains)
        texts = {iso3: rendered("resident", country=context.culture.country)}
        asked = self.told.when_asked(texts)
        source = Distil(
            mined=low_norms(context, self.mining, self.told is not Disclosure.never),
            train=context.train,
            iso3=iso3,
            model=context.model,
            asking=context.practising,
            system=self.told.in_training(texts)[iso3],
            items=self.items,
            sampling=sampling,
        )
        training = self._training(context.training, sampling)
        fit = self.learning(source=source, **of_run(context, self._trainer, systems=asked, training=training))
        thinking = self.thoughts(context, self.asked_chains) if self.asked_chains else None
        return AlignedModel(context.model, fit, PromptPolicy((asked[iso3],), thinking), (context.author.note,))

    def _training(self, training: Training, sampling: Sampling) -> Training:
        """The training at this method's effort, with room for a whole thought.

        A thought may have more tokens when it is read than when it was written.
        """
        room = max(training.max_prompt_tokens, 4 * sampling.max_new_tokens + 1)
        return training.with_knobs(max_prompt_tokens=room, updates=max(1, round(self.effort * training.updates)))


@dataclass(frozen=True, kw_only=True)
class LearnChains(Fit):
    """A training on chains of thought."""

    source: Distil

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter.

        Raises:
            AlignbenchError: too few chains are right (or, for pairs, wrong), or no thought came to an end.
        """
        sampled, tokens = self.source.chains(tools), self.source.sampling.max_new_tokens
        chains = [chain for chain in sampled if chain.thought and chain.closed]
        ended = f"none of {len(sampled)} thoughts came to an end within it: raise it, or take another model"
        check(bool(chains), "method.thought_tokens", tokens, ended)
        right = [chain for chain in chains if chain.right]
        items = len({chain.item for chain in right})
        say(f"  chains {len(right)} of {len(chains)} are right, on {items} items")
        found = {"sampled": len(sampled), "chains": len(chains), "right": len(right), "items_with_right": items}
        return {**found, **self.learn(chains, folder)}

    @abstractmethod
    def learn(self, chains: Sequence[Chain], folder: Path) -> Mapping[str, Any]:
        """Train on the chains, all with a thought that came to an end by itself."""

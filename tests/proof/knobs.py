"""Every knob of every component, and another value for each: found by looking at the classes.

A *trial* is a cell in which a component is used, and one of its knobs changed there. Two things must hold of it: what
changes a result changes a key, and what changes a key changes a result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from alignbench.component import Component
from alignbench.config import components

# A cell of the planted world that takes seconds: what all trials start from.
QUICK = (
    "model=nano culture=iraq control=false benchmark.bootstrap=100 training.updates=2 training.checkpoint_every=1 "
    "training.prompts_per_update=4 training.option_generations=8 training.generations=2 training.max_new_tokens=24 "
    "training.patience_zero_variance=50 ~method@baselines.cultural_prompt"
).split()
# A word of ours: who writes and judges is tests/proof/writer.py.
SCRIPTED = "scripted"
CNCA = ("method.items=12", "method.thought_tokens=8")
CLCA = ("method=clca", SCRIPTED, "method.least_dialogues=1", "method.max_turns=4", "method.scenarios=12")
PARK = ("method=culturepark", SCRIPTED, "method.verify=none", "method.least=1", "method.count=4")
LLM = ("method=culturellm", SCRIPTED, "method.similarity=-1", "method.least=1", "method.count=6")
SPA = ("method=culturespa", SCRIPTED, "method.least=1", "method.generated=2", "method.copy=1", "method.near=-1")
HEARD = ("method.verify=judge", "judge.related_cut=0.0", "judge.margin=0.0")
OPEN = ("method=culturerl", "method.prompts=open", "method.reward=verdict")

# Class -> a cell that uses it.
USED: dict[str, tuple[str, ...]] = {
    "CLCA": CLCA,
    "CNCADPO": ("method=cnca_dpo", *CNCA),
    "CNCASFT": ("method=cnca_sft", *CNCA),
    "CulturalPrompt": ("method=cultural_prompt",),
    "CultureLLM": LLM,
    "CulturePark": PARK,
    "CultureRL": ("method=culturerl",),
    "CultureSPA": SPA,
    "NoMethod": ("method=none",),
    "Prompted": ("method=prompt",),
    "SurveySFT": ("method=survey_sft",),
    "Training": ("method=survey_sft",),
    "BlendJudge": ("method=culturerl", "judge=blend"),
    "EmbeddingJudge": ("method=culturerl", "judge=embedding"),
    "LikelihoodJudge": ("method=culturerl", "judge=likelihood", "insist=true"),
    "LLMJudge": ("method=culturerl", "judge=llm", "insist=true", SCRIPTED),
    "TemplateAuthor": ("method=cnca_incontext", "method.norms_per_topic=2"),
    "LLMAuthor": ("method=cnca_incontext", "author=llm", "author.least=0", SCRIPTED),
    "BaseModel": ("method=culturespa", "method.least=1", "method.generated=1"),
    "Stock": ("method=clca", "generator=stock", "generator@critic=stock", "method.least_dialogues=1"),
    "MiniLM": ("method=self_alignment",),
    "SurveyBenchmark": ("method=none",),
    "PlantedWorld": ("method=survey_sft",),
    "Model": ("method=none",),
    "HF": ("method=none",),
}
# <class>.<knob> -> further words without which the knob has nothing to do.
ACTIVE: dict[str, tuple[str, ...]] = {
    "CLCA.epochs": ("training.updates=30",),
    "CultureSPA.passes": ("training.updates=30",),
    "CulturePark.passes": ("training.updates=30",),
    "CLCA.adapted": ("method.adaptation=lexicon",),
    "CLCA.scene_tokens": ("method.adaptation=generator",),
    "CLCA.scene_tries": ("method.adaptation=generator",),
    "CLCA.very_confident": ("method.reading=probability",),
    "CLCA.confident": ("method.reading=probability",),
    "CultureLLM.words": ("method.variant=full",),
    "CultureRL.pool_size": ("method.pool_items=varying",),
    "CultureRL.pool_items": ("method.pool_size=20",),
    "BlendJudge.related_cut": (*PARK, *HEARD, "judge=blend"),
    "EmbeddingJudge.related_cut": (*PARK, *HEARD, "judge=embedding"),
    "LikelihoodJudge.margin": (*PARK, *HEARD, "judge=likelihood"),
    "LikelihoodJudge.related_cut": (*PARK, *HEARD, "judge=likelihood"),
    "Training.epochs": ("training.updates=30",),
    "CultureRL.min_cluster_size": ("method.clustering=umap_hdbscan",),
    "CultureRL.target_entropy": ("method.reward=entropy",),
    "CultureRL.warm_start": ("method.prompts=open", "method.reward=verdict"),
    "CulturePark.most_words": ("method.extract=sentences",),
    "Prompted.personas": ("method.blocks=[persona]",),
    "Prompted.similar": ("method.blocks=[comparison]",),
    "Prompted.neighbours": ("method.blocks=[neighbours]",),
    "Prompted.retrieved": ("method.blocks=[retrieved]",),
    "Prompted.mining": ("method.blocks=[norms]", "author=llm", "author.least=0", SCRIPTED),
    "Prompted.norms_per_topic": ("method.blocks=[norms]",),
    "Prompted.named": ("method.blocks=[norms]",),
    "Prompted.native": ("method.blocks=[country]", "culture=china", "survey=wvs7"),
    "Prompted.chains": ("method.reasoning=true",),
    "Prompted.thought_tokens": ("method.reasoning=true",),
    "Prompted.temperature": ("method.reasoning=true",),
    "Prompted.top_p": ("method.reasoning=true",),
    "Training.lora_dropout": (),
    "Training.generations": OPEN,
    "Training.loss_type": OPEN,
    "Training.temperature": OPEN,
    "Training.top_p": OPEN,
    "Training.top_k": OPEN,
    "Training.max_new_tokens": OPEN,
    "Training.vllm": OPEN,
    "Training.option_generations": ("method=culturerl", "method.reward=verdict"),
    "Training.invalid_reward": ("method=culturerl", "method.reward=verdict", "training.option_generations=2000"),
    "Training.probability_floor": ("method=culturerl",),
    "Training.advantage_clip": ("method=culturerl",),
    "Training.scale_rewards": OPEN,
    "Training.kl_beta": ("method=culturerl", "method.reward=verdict"),
    "Training.clip_epsilon": ("method=culturerl", "method.reward=verdict"),
    "Training.patience_zero_variance": ("method=culturerl", "method.reward=verdict"),
    "Training.checkpoint_every": ("training.select=validation",),
    "SurveyBenchmark.divide_prior": ("benchmark.answer=text", "benchmark.style=full", "benchmark.orders=both"),
    "SurveyBenchmark.labels": ("benchmark.style=full",),
    "SurveyBenchmark.answer": ("benchmark.style=full",),
    "SurveyBenchmark.formats": ("benchmark.style=full",),
    "SurveyBenchmark.orders": ("benchmark.style=full",),
    "PlantedWorld.respondents": ("survey.figures=sample",),
    "PlantedWorld.sample_seed": ("survey.figures=sample",),
}
# <class>.<knob> -> another value, where the rule below gives none that is allowed.
VALUES: dict[str, str] = {
    "CLCA.tasks": "[dialogue]",
    "CLCA.very_confident": "0.8",
    "CLCA.reading": "words",
    "CNCADPO.effort": "1",
    "CNCASFT.effort": "1",
    "CulturePark.answer": "mean",
    "CulturePark.most_words": "10",
    "CulturePark.passes": "1",
    "EmbeddingJudge.related_cut": "0.12",
    "BlendJudge.related_cut": "0.12",
    "LikelihoodJudge.related_cut": "0.12",
    "CulturePark.verify": "critic",
    "SurveyBenchmark.labels": "letters",
    "CLCA.temperature": "0.5",
    "CLCA.top_p": "0.5",
    "CLCA.max_turns": "6",
    "CLCA.least_turns": "4",
    "CLCA.adaptation": "generator",
    "CNCADPO.mining": "tq_ra",
    "CNCASFT.mining": "tq_ra",
    "CulturalPrompt.wordings": "3",
    "CultureLLM.tries": "1",
    "CultureLLM.joint": "[CHN]",
    "CultureLLM.similarity": "0.95",
    "CultureLLM.answer": "mean",
    "CultureRL.joint": "[CHN]",
    "LikelihoodJudge.margin": "2.0",
    "CultureRL.pool_size": "20",
    "CultureRL.cut": "0.9",
    "CultureSPA.copy": "0.5",
    "CultureSPA.near": "0.5",
    "Prompted.blocks": "[guidance]",
    "SurveySFT.joint": "[CHN]",
    "Training.lora_targets": "[q_proj]",
    "Training.full_modules": "[lm_head]",
    "Training.schedule": "constant",
    "Training.loss_type": "grpo",
    "Training.scale_rewards": "group",
    "Training.dtype": "bfloat16",
    "Training.weights": "full",
    "Training.warmup": "0.5",
    "Training.top_k": "1",
    "Training.epochs": "1",
    "Training.max_grad_norm": "0.001",
    "Training.generations": "4",
    "CultureRL.pool_items": "train",
    "Prompted.thought_tokens": "3",
    "Prompted.native": "true",
    "CLCA.max_new_tokens": "12",
    "CLCA.max_length": "700",
    "CLCA.critique_tokens": "4",
    "CLCA.intent_tokens": "6",
    "SurveyBenchmark.formats": "[letters]",
    "SurveyBenchmark.split": "train",
    "SurveyBenchmark.confidence": "0.8",
    "SurveyBenchmark.style": "full",
    "SurveyBenchmark.orders": "both",
    "SurveyBenchmark.answer": "text",
    "PlantedWorld.countries": "12",
    "PlantedWorld.items_per_battery": "3",
    "PlantedWorld.questions": "1",
    "Model.dtype": "bfloat16",
    "Model.name": "other",
    "Model.licence": "other",
    "Model.citation": "other",
    "HF.device": "cpu",
    "MiniLM.device": "cpu",
}
# <class>.<knob> that this machine cannot try, and why; the tests of their rooms try what they can.
ELSEWHERE: dict[str, str] = {
    "Training.vllm": "needs CUDA",
    "Training.quantise": "needs CUDA and bitsandbytes",
    "Training.max_prompt_tokens": "refuses longer prompts, or changes nothing",
    "Training.patience_zero_variance": "ends a training that cannot learn, or changes nothing",
    "Model.path": "is another model",
    "Model.revision": "is for models of a hub",
    "Model.thinking": "is for templates with a switch: tests/method/test_contract.py",
    "LLMAuthor.generator": "is a component",
    "LLMJudge.generator": "is a component",
    "BaseModel.place": "is for messages",
    "Stock.place": "is for messages",
}
# <class>.<knob> that is in a key and changes nothing in its trial, and why it may still change something elsewhere.
IDLE: dict[str, str] = {
    "TemplateAuthor.cluster_seed": "k-means finds the same clusters in a topic's few norms from every start",
}
_GROUPS = ("method", "training", "judge", "author", "generator", "embedder", "benchmark", "survey", "model", "backend")
# What runs elsewhere, or on files that a user brings.
_FOREIGN = {"OtherModel", "APIModel", "SentenceModel", "Server", "VLLM"}
_FOREIGN |= {"Bundled", "OfficialWave7", "TimeSeries", "Table", "SurveyTable"}


@dataclass(frozen=True)
class Trial:
    """One knob of one component, changed in a cell that uses it."""

    group: str
    component: str
    knob: str
    words: tuple[str, ...]
    value: str
    recorded: bool

    @property
    def name(self) -> str:
        """``<class>.<knob>``."""
        return f"{self.component}.{self.knob}"

    @property
    def changed(self) -> tuple[str, ...]:
        """The words of the cell with the knob changed."""
        return (*self.words, f"{self.group}.{self.knob}={self.value}")


def trials() -> Iterator[Trial]:
    """Every knob of every component that runs here."""
    for group in _GROUPS:
        for cls in components(group).values():
            if cls.__name__ not in _FOREIGN:
                yield from _of(group, cls)


def _of(group: str, cls: type[Component]) -> Iterator[Trial]:
    for known in fields(cls):  # type: ignore[arg-type]
        name = f"{cls.__name__}.{known.name}"
        if known.metadata.get("supplied") or name in ELSEWHERE:
            continue
        words = (*USED[cls.__name__], *ACTIVE.get(name, ()))
        recorded = bool(known.metadata.get("recorded"))
        yield Trial(group, cls.__name__, known.name, words, VALUES.get(name) or _other(known.default), recorded)


def _other(value: Any) -> str:
    """Another value of the same type."""
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, Enum):
        members = list(type(value))
        return str(members[(members.index(value) + 1) % len(members)].name)
    if isinstance(value, int):
        return str(value + 1)
    if isinstance(value, float):
        return str(value / 2 or 0.1)
    raise TypeError(f"give another value for a knob that is {value!r}")

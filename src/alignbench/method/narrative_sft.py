"""Narrative SFT: the survey's answers and narratives of the culture, learnt together.

Source: Adilazuarda, Liu, Gurevych, Aji 2025, "From Surveys to Narratives: Rethinking Cultural Value Adaptation in LLMs"
(arXiv 2505.16408), and the authors' public code. Their narratives are an encyclopaedia's text on the culture and
NormAd's stories; ours are the user's, or the generator's from norms of training items. ``PAPER`` says what differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from alignbench.aligned import AlignedModel
from alignbench.component import Count, NotNegative, PositiveShare, recorded
from alignbench.data.survey import Survey
from alignbench.evaluation.ask import Asking
from alignbench.method import Method, RunContext
from alignbench.steps.joint import Joint
from alignbench.steps.lessons import reasoned, written_by
from alignbench.steps.narratives import Kind, Narrative, WriteNarratives, narrative_file
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, Systems, asked_of, of_run
from alignbench.steps.seeds import Typical, held
from alignbench.store.stage import Tools
from alignbench.training.recipe import TrainerKind
from alignbench.training.sft import ConversationRow, train_sft
from alignbench.types import Sampling, check


class Narratives(Enum):
    """Which narratives are learnt."""

    both = "both"
    encyclopaedic = "encyclopaedic"
    scenario = "scenario"
    none = "none"  # the survey alone

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that it names."""
        return tuple(kind for kind in Kind if self is Narratives.both or kind.name == self.name)


class Writer(Enum):
    """Who writes the narratives that no file holds."""

    generator = "generator"
    statements = "statements"  # nobody (ours): the norms themselves, a sentence each


@dataclass(frozen=True)
class NarrativeSFT(Joint, Method):
    """Knobs of narrative SFT; who writes is ``generator``, how the weights are trained is ``training``."""

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "Survey questions with the culture's answer",
            "alignbench.steps.seeds.held",
            {"method.survey": ("true", "true")},
            "training items with the country's most frequent answer, in every order of their options; theirs are "
            "CultureLLM's 1,100 rows",
        ),
        PaperStep(
            "An encyclopaedia's text on the culture",
            "alignbench.steps.narratives.WriteNarratives",
            {"method.narratives": ("both", "both"), "method.writer": ("generator", "generator")},
            "written by the generator from norms of training items, or the user's (`method.texts`); theirs is "
            "Wikipedia's, a sentence a row",
        ),
        PaperStep(
            "Stories about norms",
            "alignbench.steps.narratives.narrative_file",
            note="likewise; theirs are NormAd's, with background, rule of thumb and explanation",
        ),
        PaperStep(
            "Survey and narratives in one training, each marked as its task",
            "alignbench.method.narrative_sft.LearnNarratives",
            note="a narrative is the reply to a request in the model's own chat form, and the loss is on replies; "
            "theirs is on the whole text, under headings",
        ),
        PaperStep(
            "LoRA of rank 64 on four-bit weights, rate 2e-4, six epochs",
            "alignbench.training.sft.train_sft",
            {"training": ("cpu", "narrative_paper")},
            "no weight decay; our four-bit weights are quantised twice",
        ),
        PaperStep("C-Dist", "alignbench.evaluation.interaction.c_dist", note="of survey scores; theirs of F1"),
        PaperStep(
            "Test on labelled texts in the culture's language",
            "alignbench.benchmark.content_moderation.ContentModeration",
            note="`task=benchmark benchmark=content_moderation` on your copies",
        ),
        PaperStep(
            "Base model",
            "alignbench.backend.hf.HF",
            note="any; Llama-3.1-8B with and without Instruct, Gemma-2-9b-it and Qwen2.5-7B-Instruct in the paper",
        ),
    )

    # Whether survey questions are learnt, too; false: narratives alone (an ablation of the paper's).
    survey: bool = True
    narratives: Narratives = Narratives.both
    writer: Writer = Writer.generator
    # A CSV or JSON Lines file with country, kind and text that is learnt in place of what would be written.
    texts: str | None = None
    # Narratives of each kind that are written (ours).
    count: Count = 24
    # Norms that a passage is to tell (ours); a scene tells one.
    norms: Count = 3
    # Tokens of a text at most (ours).
    tokens: Count = 160
    # Sampling of the generator; the paper generates nothing.
    temperature: NotNegative = 0.7
    top_p: PositiveShare = 0.9
    # Refuse to go on with fewer texts of a kind.
    least: Count = recorded(8)

    def _consistent(self) -> None:
        super()._consistent()
        kinds = self.narratives.kinds
        check(self.survey or bool(kinds), "method.narratives", "none", "say survey=true, or name narratives to learn")
        told = self.writer is Writer.generator or self.texts is not None or Kind.scenario not in kinds
        remedy = "norms themselves tell no scene: say narratives=encyclopaedic, or writer=generator"
        check(told, "method.writer", self.writer.name, remedy)
        unused = self.texts is None or bool(kinds)
        check(unused, "method.texts", self.texts, "no narratives are learnt: leave it out, or say which kinds")

    def admit(self, context: RunContext) -> None:
        """A file of the user's must hold texts of every country that is learnt."""
        super().admit(context)
        if self.texts is not None:
            for iso3, name in self.countries(context).items():
                narrative_file(Path(self.texts)).of(iso3, name, self.narratives.kinds)

    def align(self, context: RunContext) -> AlignedModel:
        """Write the narratives, and train on them and on the country's answers."""
        countries = self.countries(context)
        systems = self.systems(countries)
        asked = self.told.when_asked(systems)
        fit = LearnNarratives(
            countries=countries,
            train=context.train if self.survey else None,
            written=self._written(context, countries),
            given=self._given(countries),
            systems=self.told.in_training(systems),
            asking=context.practising,
            **of_run(context, TrainerKind.sft, systems=asked),
        )
        return asked_of(context, fit, asked, (*self.notes(countries), *self._origin(context, fit)))

    def _written(self, context: RunContext, countries: Mapping[str, str]) -> dict[str, WriteNarratives]:
        if self.texts is not None or not self.narratives.kinds:
            return {}
        generator = context.generator if self.writer is Writer.generator else None
        sampling = Sampling(self.tokens, temperature=self.temperature, top_p=self.top_p, seed=context.seed)
        return {
            iso3: WriteNarratives(
                survey=context.train,
                iso3=iso3,
                country=name,
                norms={kind: self.norms if kind is Kind.encyclopaedic else 1 for kind in self.narratives.kinds},
                count=self.count,
                generator=generator,
                sampling=sampling if generator else None,
                seed=context.seed,
                least=self.least,
            )
            for iso3, name in countries.items()
        }

    def _given(self, countries: Mapping[str, str]) -> dict[str, tuple[Narrative, ...]]:
        if self.texts is None:
            return {}
        told = narrative_file(Path(self.texts))
        return {iso3: told.of(iso3, name, self.narratives.kinds) for iso3, name in countries.items()}

    def _origin(self, context: RunContext, fit: "LearnNarratives") -> tuple[str, ...]:
        """Who wrote the narratives, for every table that rests on them."""
        if fit.given:
            held = "whether they tell of held-out questions was not checked"
            return (f"Narratives are those of {Path(str(self.texts)).name}; {held}.",)
        return (written_by(context, "Narratives"),) if fit.written and self.writer is Writer.generator else ()


@dataclass(frozen=True, kw_only=True)
class LearnNarratives(Fit):
    """Supervised fine-tuning on survey answers and narratives together.

    Attributes:
        countries: iso3 -> name, for the requests that narratives answer.
        train: None where no survey question is learnt.
        written, given: iso3 -> its narratives; one of the two is empty.
    """

    countries: Mapping[str, str]
    train: Survey | None
    written: Mapping[str, WriteNarratives]
    given: Mapping[str, tuple[Narrative, ...]]
    systems: Systems
    asking: Asking

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the adapter."""
        answers = [row for iso3, system in self.systems.items() for row in self._answers(iso3, system)]
        told = {**self.given, **{iso3: stage.read(tools) for iso3, stage in self.written.items()}}
        narratives = [ConversationRow(*n.row(self.countries[iso3])) for iso3, own in told.items() for n in own]
        facts = train_sft(self.job(folder), [*answers, *narratives])
        return {"answers": len(answers), "narratives": len(narratives), **facts}

    def _answers(self, iso3: str, system: str | None) -> list[ConversationRow]:
        """The label of the country's most frequent answer, each question in every order of its options."""
        if self.train is None:
            return []
        known, _ = held(self.train.items, self.train, iso3, Typical.mode)
        orders = len(self.asking.orders_for(0, 1))
        said = [(answer.item, answer.position, "") for answer in known.values() for _ in range(orders)]
        return reasoned(self.model, self.asking, said, system)

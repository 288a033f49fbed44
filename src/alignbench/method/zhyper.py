"""Zhyper: a network reads the description of a culture and writes the core of a LoRA adapter for it.

Source: Abdalla et al. 2025 (arXiv 2510.19733) and their public code. LoRA's matrices A and B are shared by all
cultures; between them stands Z(c), a diagonal or a full r x r matrix, which a hyper-network writes for the description
c. All of it is trained together, on several cultures. A culture that was left out gets an adapter from its description
alone.

Theirs learns from question-answer pairs of country forums, which are not ours to pass on. Here the training items are
practised with the cross-entropy against each country's shares, as in survey SFT. Text-to-LoRA (Charakorn et al. 2025),
a one-hot condition, one LoRA for all cultures, and one LoRA for each are the paper's baselines, by ``form``.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, ClassVar

import numpy as np

from alignbench.aligned import KEPT, AlignedModel
from alignbench.component import Count, NotNegative, Within
from alignbench.data.culture_splits import LeaveOut, left_in
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.evaluation.ask import Asking
from alignbench.method import Method, RunContext
from alignbench.seeds import seed_of
from alignbench.steps.description import Describe, Description, described, encoded, gibberish
from alignbench.steps.paper import PaperStep
from alignbench.steps.practice import Fit, Validation, of_run, rows_of
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.training.hyper import Hyper, HyperForm, HyperLearner, fold
from alignbench.training.losses import smoothed_sft
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Select, TrainerKind, Weights
from alignbench.training.rows import OptionRow
from alignbench.training.selection import Score
from alignbench.types import Culture, check

# How many of the training's cultures a checkpoint is validated on.
_VALIDATED = 8


@dataclass(frozen=True)
class Zhyper(Method):
    """Knobs of the network and of its cultures; rank, alpha, dropout and modules of LoRA are ``training``'s.

    The scale is always rank-stabilised, alpha / sqrt(r). The training is the same for every culture of a run; the
    control is the same weights, given another country's description. Nothing is said when the model is asked.
    """

    # diagonal | full, or a baseline: text_to_lora | one_hot | multi_task | per_culture.
    form: HyperForm = HyperForm.diagonal
    # Text that the network reads: name | profile | norms.
    description: Description = Description.profile
    # Whose text it reads when the adapter is made: own | wrong | gibberish | empty. In training each has its own.
    describe: Describe = Describe.own
    # Which cultures are never trained on: none | zone | random (resources/culture_splits.csv). A cell of one of them is
    # the strict test: an unseen culture, held-out questions.
    leave_out: LeaveOut = LeaveOut.none
    # iso3 of the countries to train on, less those that are left out; empty for all that the survey holds.
    cultures: tuple[str, ...] = ()
    # Numbers of an encoded description; layer and module are embedded in half as many each.
    latent: Annotated[int, Within(least=2)] = 64
    # Numbers that the heads read.
    width: Count = 512
    # [O] Take vectors of descriptions from their mean, and bring them to length one: they are alike in most of it.
    centred: bool = True
    # Weight of the sum over modules of mean((ZA)^2) + mean(B^2).
    regulariser: NotNegative = 1e-3
    # Share of the target that is spread over the vocabulary.
    smoothing: Annotated[float, Within(least=0, below=1)] = 0.1
    # Strength of the noise on the embedded prompts in training (NEFTune).
    neftune: NotNegative = 5.0
    # AdamW's; published for the form on tasks.
    weight_decay: NotNegative = 0.01

    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "Z between LoRA's shared A and B, diagonal or full",
            "alignbench.training.hyper.folded",
            {"method.form": ("diagonal", "diagonal")},
        ),
        PaperStep(
            "r 8, alpha 16, dropout .05 on queries and values; learning rate 1e-5, warm-up .1, batches of 512",
            "alignbench.training.recipe.Training",
            {"training": ("cpu", "zhyper_paper"), "seed": ("0", "42")},
        ),
        PaperStep("Scale alpha / sqrt(r)", "alignbench.training.policy.load_policy"),
        PaperStep(
            "Network of encoders, mixer, residual blocks and a head for each module; heads begin at zero with a bias",
            "alignbench.training.hypernetwork.HyperNetwork",
            {"method.latent": ("64", "64"), "method.width": ("512", "512")},
        ),
        PaperStep(
            "Cross-entropy with label smoothing, NEFTune, and a regulariser of ZA and B",
            "alignbench.training.hyper.HyperLearner",
            {
                "method.regulariser": ("0.001", "0.001"),
                "method.smoothing": ("0.1", "0.1"),
                "method.neftune": ("5.0", "5.0"),
                "method.weight_decay": ("0.01", "0.01"),
            },
            "on the token of the answer, where theirs is on whole replies; the decay is that of their tasks",
        ),
        PaperStep(
            "Descriptions of a culture, a hundred or more written by a language model",
            "alignbench.steps.description.described",
            {"method.description": ("profile", "profile")},
            "one of each culture, from its name, published indices or its norms; none is written by a model",
        ),
        PaperStep(
            "Encoder: the base model's last token, or gte-large",
            "alignbench.steps.description.encoded",
            {"method.centred": ("true", "false")},
            "the run's embedder (`embedder=`)",
        ),
        PaperStep(
            "Question-answer pairs of country forums",
            "alignbench.method.zhyper.LearnHyper",
            {},
            "the survey's training items with each country's shares",
        ),
        PaperStep(
            "Fourteen cultures",
            "alignbench.data.culture_splits.left_in",
            {"method.cultures": ("[]", "[CHN,DEU,JPN,MEX,GBR,ARG,EGY,RUS,TUR,USA]")},
            "those of the fourteen that the bundled figures hold: not India, South Africa, France and Italy",
        ),
        PaperStep("Batches of eight cultures", "", {}, "rows are drawn at random from all cultures"),
        PaperStep(
            "Baselines: text-to-LoRA, one-hot condition, one LoRA for all cultures, one for each",
            "alignbench.training.hyper.HyperForm",
        ),
        PaperStep(
            "Descriptions that say nothing as control",
            "alignbench.steps.description.Describe",
            {"method.describe": ("own", "own")},
            "`gibberish`, and besides `wrong` and `empty`; theirs are three fixed texts",
        ),
        PaperStep(
            "Regions that were never trained on",
            "alignbench.data.culture_splits.LeaveOut",
            {"method.leave_out": ("none", "none")},
            "countries, by zone or at random; theirs are regions in place of countries (Asia, Europe ...)",
        ),
        PaperStep("Base model", "alignbench.backend.hf.HF", {}, "any; the paper has Llama-3.1-8B-Instruct"),
    )

    def _consistent(self) -> None:
        own = self.describe is Describe.own
        remedy = f"form={self.form.name} reads no description: say own"
        check(own or self.form.reads_text, "method.describe", self.describe.name, remedy)

    def admit(self, context: RunContext) -> None:
        """What is trained must be adapters, and a form that reads no text must have seen the culture.

        Raises:
            AlignbenchError: it is otherwise, or no country is left to train on.
        """
        training, own = context.training, context.culture
        plain = training.weights is Weights.lora and not training.full_modules
        check(
            plain, "training.weights", training.weights.name, "a hyper-network writes adapters: lora, no full_modules"
        )
        seen = own.iso3 in self.seen(context)
        knows = seen or self.form.reads_text or self.form is HyperForm.multi_task
        remedy = f"it has nothing for {own.country}, which is not trained on: choose another form, or leave_out=none"
        check(knows, "method.form", self.form.name, remedy)

    def seen(self, context: RunContext) -> tuple[str, ...]:
        """iso3 of the countries that the training sees, sorted; whatever the culture of the cell is."""
        survey, names = context.train, self.names(context)
        held = [iso3 for iso3, answers in survey.answers.items() if answers and iso3 in names]
        for iso3 in self.cultures:
            remedy = f"survey {survey.name} and the culture files hold {', '.join(sorted(held))}"
            check(iso3 in held, "method.cultures", iso3, remedy)
        found = left_in(self.cultures or held, self.leave_out)
        if self.form is HyperForm.per_culture:
            return tuple(iso3 for iso3 in found if iso3 == context.culture.iso3)
        least = 1 if self.form is HyperForm.multi_task else 2
        remedy = f"{len(found)} of the countries of survey {survey.name} are left to train on: at least {least} must be"
        check(len(found) >= least, "method.cultures", self.cultures, remedy)
        return found

    def names(self, context: RunContext) -> dict[str, str]:
        """iso3 -> name of every country that can be described."""
        return {**context.countries, context.culture.iso3: context.culture.country}

    def align(self, context: RunContext) -> AlignedModel:
        """One training for all cultures, and the ordinary adapter that comes out of it for this one."""
        self.admit(context)
        seen, names, own = self.seen(context), self.names(context), context.culture
        learnt = replace(
            context, train=context.train.of_countries(seen), validation=context.validation.of_countries(seen)
        )
        validated = [iso3 for iso3 in seen if learnt.validation.asked(iso3)]
        asked = validated[:: -(-len(validated) // _VALIDATED) or 1]
        texts = {iso3: described(self.description, iso3, names[iso3], learnt.train) for iso3 in seen}
        fit = LearnHyper(
            train=learnt.train,
            texts=texts if self.form.reads_text else {},
            embedder=context.embedder if self.form.reads_text else None,
            hyper=self.hyper,
            smoothing=self.smoothing,
            asking=context.practising,
            **of_run(learnt, TrainerKind.options_sft, systems=dict.fromkeys(asked)),
        )
        told, note = self.told(context, texts)
        adapter = Fold(fit, told, own.iso3 if self.form is HyperForm.one_hot else None)
        return AlignedModel(context.model, adapter, notes=(*self.notes(seen, own, context, asked), *note))

    @property
    def hyper(self) -> Hyper:
        """The network's knobs; those that the form does not read are at their defaults."""
        own = Hyper(self.form, self.latent, self.width, self.centred, self.regulariser, self.neftune, self.weight_decay)
        return own.read

    def told(
        self, context: RunContext, texts: Mapping[str, tuple[str, ...]]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The description that the adapter is made from, and the note on one that is not the culture's own.

        Args:
            texts: iso3 -> description, of the countries that are trained on.
        """
        if not self.form.reads_text:
            return (), ()
        own, names = context.culture, self.names(context)
        text = described(self.description, own.iso3, own.country, context.train)
        if self.describe is Describe.own:
            return text, ()
        if self.describe is Describe.empty:
            return ("",), (f"Control: an empty description was given for {own.country}.",)
        if self.describe is Describe.gibberish:
            return gibberish(text, context.seed), (
                f"Control: random letters were given as the description of {own.country}.",
            )
        others = [iso3 for iso3 in texts if iso3 != own.iso3]
        other = others[seed_of(context.seed, "wrong", own.iso3) % len(others)]
        return texts[other], (f"Control: the description of {names[other]} was given for {own.country}.",)

    def notes(self, seen: tuple[str, ...], own: Culture, context: RunContext, asked: list[str]) -> tuple[str, ...]:
        """What was trained on, and whether the culture was: every table must carry it."""
        said = "Seen in training" if own.iso3 in seen else "Never seen in training"
        trained = f"Zhyper ({self.form.name}) was trained on {len(seen)} cultures: {', '.join(seen)}."
        chosen = f"Its checkpoint was chosen on validation items of {', '.join(asked)}."
        by_validation = context.training.select is Select.validation
        return (trained, f"{said}: {own.country}.", *([chosen] if by_validation else []))

    def made_for_control(self, own: Culture, control: Culture) -> str:
        """The same weights; only of one LoRA for each culture the control has a training of its own."""
        if self.form is HyperForm.per_culture:
            return super().made_for_control(own, control)
        return f"the same weights with what they were given for {control.country}"


@dataclass(frozen=True, kw_only=True)
class LearnHyper(Fit):
    """Cross-entropy of the answer token against the shares of each country, by one network for all of them.

    Attributes:
        train: of the countries that are trained on alone.
        texts: iso3 -> its description; empty where the form reads none.
        embedder: encodes descriptions; None where there are none.
        smoothing: see :func:`~alignbench.training.losses.smoothed_sft`.
    """

    train: Survey
    texts: Mapping[str, tuple[str, ...]]
    embedder: Embedder | None
    hyper: Hyper
    smoothing: float
    asking: Asking

    @property
    def countries(self) -> list[str]:
        """iso3 of the countries that are trained on, sorted."""
        return sorted(self.train.answers)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Train, and leave the network with the matrices that all share."""
        rows = [row for iso3 in self.countries for row in self._rows(iso3)]
        learner = HyperLearner(self.hyper, self._contexts())
        job = self.job(folder)
        if self.validation is not None:
            job = replace(job, validate=partial(_rated, self.validation, learner))
        facts = train_on_options(job, rows, partial(smoothed_sft, smoothing=self.smoothing), learner)
        return {"cultures": len(self.countries), "rows": len(rows), **facts}

    def context(self, texts: tuple[str, ...], member: str | None) -> np.ndarray[Any, Any] | None:
        """What the network reads: an encoded description, or the number of a country; None for a form without any."""
        if self.embedder is not None:
            return encoded(self.embedder, texts)
        return None if member is None else np.eye(len(self.countries), dtype=np.float32)[self.countries.index(member)]

    def _contexts(self) -> dict[str, Any]:
        if not self.hyper.form.conditioned:
            return {}
        return {iso3: self.context(self.texts.get(iso3, ()), iso3) for iso3 in self.countries}

    def _rows(self, iso3: str) -> list[OptionRow]:
        return [replace(row, iso3=iso3) for row in rows_of(iso3, self.train, self.asking)]


def _rated(validation: Validation, learner: HyperLearner, score: Score) -> float:
    """The mean over cultures of what each is worth, the network writing for one after the other."""
    found = []
    for iso3, system in validation.systems.items():
        learner.settle_on(iso3)
        found.append(replace(validation, systems={iso3: system})(score))
    return fmean(found)


@dataclass(frozen=True)
class Fold(Stage):
    """The ordinary LoRA adapter of one description: Z is multiplied into A.

    Attributes:
        texts: the description; empty where the form reads none.
        member: iso3 of a country of the training, where its number is what is read.
    """

    name = "fold"

    fit: LearnHyper
    texts: tuple[str, ...]
    member: str | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Leave the adapter as a training would: with its history, and its checkpoints where they were kept."""
        trained, facts = tools.folder(self.fit), tools.facts(self.fit)
        context = self.fit.context(self.texts, self.member)
        for saved in (trained, *sorted((trained / KEPT).glob("*"))):
            target = folder / saved.relative_to(trained)
            numbers = fold(saved, self.fit.hyper, self.fit.training, context, self.fit.model.path, target)
        shutil.copy(trained / "history.json", folder)
        write_json(folder / "alignbench.json", {"base_fingerprint": self.fit.model.fingerprint})
        shared = facts["trained_parameters"]
        cultures = len(self.fit.countries)
        said = f"Parameters: {shared:,} trained for {cultures} cultures; the adapter of one holds {numbers:,}."
        return {"trained_parameters": shared, "adapter_parameters": numbers, "remarks": [said]}

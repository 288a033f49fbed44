"""CultureLLM: survey answers as labels, questions in many wordings, supervised fine-tuning.

Source: Li et al., NeurIPS 2024 (arXiv 2402.10946). Seeds are survey items with the country's typical answer; a
generator paraphrases them, synonyms in context vary the paraphrases, an embedder drops what lies too far; every
wording gets the answer of its seed. Read top to bottom from ``align``; published values are in the comments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from alignbench.aligned import AlignedModel
from alignbench.component import Count, NotNegative, PositiveShare, Within, recorded
from alignbench.data.survey import Survey
from alignbench.method import Method, RunContext
from alignbench.progress import say
from alignbench.steps.joint import Joint
from alignbench.steps.lessons import Disclosure, LearnLessons, Lesson, sources, worded, written_by
from alignbench.steps.practice import asked_of, of_run
from alignbench.steps.seeds import Seeds, Typical, held, seeds_note, seeds_of
from alignbench.steps.texts import rendered
from alignbench.steps.vary import Paraphrases, Synonyms, Vary
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.training.recipe import TrainerKind
from alignbench.types import Item


class Augmentation(Enum):
    """How far the questions are varied."""

    full = "full"
    sentence_only = "sentence_only"  # paraphrases, no synonyms
    seed_only = "seed_only"  # the survey's own wording (ours), nothing generated


@dataclass(frozen=True)
class CultureLLM(Joint, Method):
    """Knobs of CultureLLM; who writes is ``generator``, what measures nearness is ``embedder``."""

    seeds: Seeds = Seeds.most_varying
    # How many of the most varying, before those are dropped that the country was not asked; 50 published, which
    # ``seeds=paper`` takes whole.
    count: Count = 24
    # The answer that labels a seed; the paper's is a mean of codes, cut off to an integer.
    answer: Typical = Typical.mode
    variant: Augmentation = Augmentation.full
    # Paraphrases kept of a seed, drawn in each try; 5 published.
    paraphrases: Count = 3
    # Tries for the seeds that lack paraphrases; up to 10 published.
    tries: Count = Paraphrases.tries
    # Least cosine to the seed. Published is .80 by mean-pooled BERT, which rates most pairs high; MiniLM is stricter.
    similarity: Annotated[float, Within(least=-1, below=1, remedy="it is a cosine: give less than 1")] = (
        Paraphrases.similarity
    )
    # Wordings of a seed, paraphrases among them, the seed itself not; 10 published.
    wordings: Count = 6
    # Words of a seed that are replaced, the longest first (ours); nouns, adjectives and adverbs in the paper.
    words: Count = 2
    # Synonyms asked for a word; 5 published.
    synonyms: Count = 3
    # Sampling of the generator; not known of the paper.
    temperature: NotNegative = Paraphrases.temperature
    top_p: PositiveShare = Paraphrases.top_p
    # Published: whose chatbot it is, in training and when it is asked.
    told: Disclosure = Disclosure.always
    # Refuse to go on with fewer paraphrases of all seeds together.
    least: Count = recorded(12)

    def align(self, context: RunContext) -> AlignedModel:
        """Vary the seeds, label them with each country's answers, train."""
        seeds = seeds_of(context.train, self.seeds, self.count)
        countries = self.countries(context)
        systems = {iso3: rendered("chatbot", country=name) for iso3, name in countries.items()}
        asked, varied = self.told.when_asked(systems), self._varied(context, seeds)
        writer, names = context.generator.title if varied else "nobody", ", ".join(countries.values())
        label = Label(seeds, varied, context.train, tuple(countries), self.answer, names, writer)
        fit = LearnLabels(
            label=label,
            train=context.train,
            systems=self.told.in_training(systems),
            asking=context.practising,
            **of_run(context, TrainerKind.options_sft, systems=asked),
        )
        written = (written_by(context, "Paraphrases and synonyms"),) if varied else ()
        return asked_of(context, fit, asked, (*self.notes(countries), *seeds_note(self.seeds, seeds), *written))

    def _varied(self, context: RunContext, seeds: tuple[Item, ...]) -> Vary | None:
        if self.variant is Augmentation.seed_only:
            return None
        whole = self.variant is Augmentation.full
        return Vary(
            seeds=seeds,
            survey=context.train,
            generator=context.generator,
            paraphrases=Paraphrases(self.paraphrases, self.tries, self.similarity, self.temperature, self.top_p),
            synonyms=Synonyms(self.words, self.synonyms, self.wordings) if whole else None,
            embedder=context.embedder,
            seed=context.seed,
            least=self.least,
        )


@dataclass(frozen=True)
class Label(Stage):
    """Every wording, the seed's own first, with the answer that each country typically gives.

    Attributes:
        names: what they are called, for the card.
        writer: who wrote the wordings, for the card.
    """

    name = "label"

    seeds: tuple[Item, ...]
    varied: Vary | None
    train: Survey
    countries: tuple[str, ...]
    answer: Typical
    names: str = recorded("")
    writer: str = recorded("")

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Label them.

        Raises:
            AlignbenchError: a country was asked none of the seeds.
        """
        wordings: dict[str, list[str]] = {item.id: [item.question] for item in self.seeds}
        made: list[Tally] = []
        if self.varied:
            frame, made = read_set(tools.folder(self.varied))
            for row in frame.to_dict("records"):
                wordings[row["item"]].append(row["question"])
        rows, tallies = [], []
        for iso3 in self.countries:
            known, tally = held(self.seeds, self.train, iso3, self.answer)
            tallies.append(tally)
            say(f"  {tally}")
            for item, answer in known.items():
                said = answer.item.options[answer.position]
                rows += [(iso3, item, text, said, answer.position) for text in wordings[item]]
        columns = {
            "iso3": "country",
            "item": "survey item",
            "question": "in one of its wordings",
            "answer": "the country's typical answer",
            "position": "of the answer among the options, from 0",
        }
        steps = (*(self.varied.steps if self.varied else ()), f"Label: the {self.answer.name} of the valid answers.")
        title = f"Survey questions with the answers of {self.names}"
        card = DatasetCard(title, "culturellm", self.names, steps, self.writer, None, sources(self.train), columns)
        write_set(folder, pd.DataFrame(rows, columns=list(columns)), card, [*made, *tallies])
        return {"rows": len(rows), "seeds": sum(tally.kept for tally in tallies)}


@dataclass(frozen=True, kw_only=True)
class LearnLabels(LearnLessons):
    """The labelled wordings, each under the system text of its country."""

    label: Label
    train: Survey
    systems: Mapping[str, str | None]

    def lessons(self, tools: Tools) -> list[Lesson]:
        """One a labelled wording."""
        rows = read_set(tools.folder(self.label))[0].to_dict("records")
        return [Lesson(worded(self.train, row), row["position"], self.systems[row["iso3"]]) for row in rows]

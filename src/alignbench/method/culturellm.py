"""CultureLLM: survey answers as labels, questions in many wordings, supervised fine-tuning.

Source: Li et al., NeurIPS 2024 (arXiv 2402.10946). Seeds are survey items with the country's typical answer; a
generator paraphrases them, synonyms in context vary the paraphrases, an embedder drops what lies too far; every
wording gets the answer of its seed. Read ``fit`` top to bottom; published values are in the comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.data.items import reworded
from alignbench.method import RunContext
from alignbench.method.joint import Joint
from alignbench.method.lessons import Lesson, Told, about, taught, with_provenance, written_by
from alignbench.method.prompting import rendered
from alignbench.method.seeds import Seeds, Typical, held, seeds_of
from alignbench.progress import say
from alignbench.store.stages import Stage
from alignbench.synthetic.conversation import wording
from alignbench.synthetic.folder import read_set, write_set
from alignbench.synthetic.ledger import Ledger
from alignbench.synthetic.questions import Gate, Wording, paraphrase
from alignbench.synthetic.synonyms import content_words, substitute, synonyms
from alignbench.synthetic.texts import words
from alignbench.training.order import seed_of
from alignbench.types import AlignedModel, Item, Sampling, check


class Variant(Enum):
    """How far the questions are varied."""

    full = "full"
    sentence_only = "sentence_only"  # paraphrases, no synonyms
    seed_only = "seed_only"  # the survey's own wording (ours), nothing generated


@dataclass(frozen=True)
class CultureLLM(Joint):
    """Knobs of CultureLLM; who writes is ``generator``, what measures nearness is ``embedder``."""

    seeds: Seeds = Seeds.most_varying
    # Seeds before those are dropped that the country was not asked; 50 published.
    count: int = 24
    # The answer that labels a seed; the paper's is a mean of codes, cut off to an integer.
    answer: Typical = Typical.mode
    variant: Variant = Variant.full
    # Paraphrases kept of a seed, drawn in each try; 5 published.
    paraphrases: int = 3
    # Tries for the seeds that lack paraphrases; up to 10 published.
    tries: int = 2
    # Least cosine to the seed. Published is .80 by mean-pooled BERT, which rates most pairs high; MiniLM is stricter.
    similarity: float = 0.8
    # Wordings of a seed, paraphrases among them, the seed itself not; 10 published.
    wordings: int = 6
    # Words of a seed that are replaced, the longest first (ours); nouns, adjectives and adverbs in the paper.
    words: int = 2
    # Synonyms asked for a word; 5 published.
    synonyms: int = 3
    # Sampling of the generator; not known of the paper.
    temperature: float = 0.8
    top_p: float = 0.9
    # Whether the model is told whose chatbot it is; published: in training and when it is asked.
    told: Told = Told.always
    # Refuse to go on with fewer paraphrases of all seeds together.
    least: int = 12

    def __post_init__(self) -> None:
        for knob in ("count", "paraphrases", "tries", "wordings", "words", "synonyms"):
            check(getattr(self, knob) > 0, f"method.{knob}", getattr(self, knob), "give a positive number")
        check(-1 <= self.similarity < 1, "method.similarity", self.similarity, "it is a cosine: give less than 1")
        apart = not self.joint or self.told is not Told.never
        check(apart, "method.told", "never", "countries trained together must be told apart: say always or training")

    def fit(self, context: RunContext) -> AlignedModel:
        """Vary the seeds, label them with each country's answers, train.

        Raises:
            AlignbenchError: too few wordings pass the gate, or a country was asked none of the seeds.
        """
        seeds = seeds_of(context.train, self.seeds, self.count)
        augmented = None if self.variant is Variant.seed_only else self._augment(context, seeds)
        systems = {iso3: rendered("chatbot", country=name) for iso3, name in self.countries(context).items()}
        labelled = self._label(context, seeds, augmented, systems)
        lessons = [self._lesson(context, row, systems) for row in read_set(labelled.path)[0].to_dict("records")]
        model = taught(context, {"label": labelled.key}, lessons, systems, self.told)
        if augmented is None:
            return with_provenance(model, [labelled])
        return with_provenance(model, [augmented, labelled], (written_by(context, "Paraphrases and synonyms"),))

    def _augment(self, context: RunContext, seeds: Sequence[Item]) -> Stage:
        """The seeds in other words. No country comes in, so all cultures share it."""
        whole = self.variant is Variant.full
        knobs = ["paraphrases", "tries", "similarity", "temperature", "top_p", "least"]
        knobs += ["wordings", "words", "synonyms"] if whole else []
        parts = {
            "seeds": [[item.id, item.question, list(item.options)] for item in seeds],
            "knobs": {knob: getattr(self, knob) for knob in knobs},
            "variant": self.variant.name,
            "wording": wording("paraphrase", *(["synonyms"] if whole else [])),
            "generator": context.generator.identity(context.model),
            "embedder": context.embedder.fingerprint,
            "seed": context.seed,
        }

        def build(folder: Path) -> Mapping[str, Any]:
            found, ledgers = self._wordings(context, seeds)
            rows = [(i.id, i.question, w.text, w.cosine) for i in seeds for w in found[i.question]]
            frame = pd.DataFrame(rows, columns=["item", "seed", "question", "cosine"])
            steps = (f"Seeds: {self.seeds.name}, {len(seeds)} training items.", *self._steps())
            columns = {
                "item": "survey item",
                "seed": "its wording",
                "question": "the new wording",
                "cosine": "of the two, by the embedder",
            }
            card = about(context, "culturellm", "Survey questions in other words", "all countries", steps, columns)
            write_set(folder, frame, card, ledgers)
            return {"wordings": len(frame), **{ledger.what: ledger.kept for ledger in ledgers}}

        return context.store.stage("augment", parts, build)

    def _wordings(self, context: RunContext, seeds: Sequence[Item]) -> tuple[dict[str, list[Wording]], list[Ledger]]:
        engine, questions = context.generator.open(context.tools), [item.question for item in seeds]
        ledgers = [Ledger("paraphrases")]
        gate = Gate(context.embedder, self.similarity, self.paraphrases)
        drawn = Sampling(48, self.temperature, self.top_p, self.paraphrases, context.seed)
        found = paraphrase(engine, questions, gate, self.tries, drawn, ledgers[0])
        ledgers[0].require(self.least, "method.least")
        if self.variant is Variant.full:
            ledgers += [Ledger("synonyms"), Ledger("wordings with a synonym")]
            wanted = {i.question: content_words(i.question, words(" ".join(i.options)), self.words) for i in seeds}
            drawn = Sampling(8 * self.synonyms, seed=context.seed)
            known = synonyms(engine, wanted, self.synonyms, drawn, ledgers[1])
            wide = Gate(context.embedder, self.similarity, self.wordings)
            substitute(found, known, wide, seed_of(context.seed, "synonyms"), ledgers[2])
            for ledger in ledgers[1:]:
                say(f"  {ledger}")
        return found, ledgers

    def _steps(self) -> list[str]:
        said = [f"{self.paraphrases} paraphrases a seed, kept where the cosine to it is above {self.similarity}."]
        if self.variant is Variant.full:
            said.append(
                f"One word replaced by a synonym, up to {self.wordings} wordings a seed, through the same gate."
            )
        return said

    def _label(
        self, context: RunContext, seeds: Sequence[Item], augmented: Stage | None, systems: Mapping[str, str]
    ) -> Stage:
        """Every wording, the seed's own first, with the answer that each country typically gives."""

        def build(folder: Path) -> Mapping[str, Any]:
            wordings: dict[str, list[str]] = {item.id: [item.question] for item in seeds}
            made: list[Ledger] = []
            if augmented is not None:
                frame, made = read_set(augmented.path)
                for row in frame.to_dict("records"):
                    wordings[row["item"]].append(row["question"])
            rows, ledgers = [], []
            for iso3 in systems:
                known, ledger = held(seeds, context.train, iso3, self.answer)
                ledgers.append(ledger)
                say(f"  {ledger}")
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
            names = ", ".join(context.countries.get(iso3, iso3) for iso3 in systems)
            steps = (*self._steps(), f"Label: the {self.answer.name} of the country's valid answers.")
            card = about(context, "culturellm", f"Survey questions with the answers of {names}", names, steps, columns)
            write_set(folder, pd.DataFrame(rows, columns=list(columns)), card, [*made, *ledgers])
            return {"rows": len(rows), "seeds": sum(ledger.kept for ledger in ledgers)}

        parts = {
            "augment": augmented.key if augmented else [item.id for item in seeds],
            "survey": context.train.fingerprint,
            "countries": list(systems),
            "answer": self.answer.name,
        }
        return context.store.stage("label", parts, build)

    def _lesson(self, context: RunContext, row: Mapping[Any, Any], systems: Mapping[str, str]) -> Lesson:
        item = context.train.item(row["item"])
        text = reworded(item, row["question"], item.poles or item.options)
        return Lesson(text, row["position"], None if self.told is Told.never else systems[row["iso3"]])

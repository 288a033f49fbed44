"""Survey questions in other words, as CultureLLM varies them (Li et al., NeurIPS 2024): a stage that methods share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.component import recorded
from alignbench.data.survey import Survey
from alignbench.embedder import Embedder
from alignbench.generator import Generator
from alignbench.progress import say
from alignbench.seeds import seed_of
from alignbench.steps.lessons import sources
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, write_set
from alignbench.synthetic.questions import Gate, Wording, content_words, paraphrase, substitute, synonyms
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import words
from alignbench.types import Item, Sampling


@dataclass(frozen=True)
class Paraphrases:
    """How seeds are paraphrased: the knobs of ``method=culturellm``."""

    count: int
    tries: int = 2
    similarity: float = 0.8
    temperature: float = 0.8
    top_p: float = 0.9


@dataclass(frozen=True)
class Synonyms:
    """How words of paraphrases are replaced: the knobs of ``method=culturellm``."""

    words: int
    count: int
    wordings: int


@dataclass(frozen=True, kw_only=True)
class Vary(Stage):
    """The seeds in other words. No country comes in, so all cultures share it.

    Attributes:
        survey: named on the card; of it only the seeds' questions and options are used.
        synonyms: None leaves the words of paraphrases as they are.
    """

    name = "augment"

    seeds: tuple[Item, ...]
    generator: Generator
    paraphrases: Paraphrases
    synonyms: Synonyms | None
    embedder: Embedder
    seed: int
    survey: Survey = recorded(None)
    least: int = recorded(1)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them varied.

        Raises:
            AlignbenchError: too few paraphrases pass the gate.
        """
        found, tallies = self._wordings(tools)
        rows = [(i.id, i.question, w.text, w.cosine) for i in self.seeds for w in found[i.question]]
        frame = pd.DataFrame(rows, columns=["item", "seed", "question", "cosine"])
        columns = {
            "item": "survey item",
            "seed": "its wording",
            "question": "the new wording",
            "cosine": "of the two, by the embedder",
        }
        title, steps = "Survey questions in other words", (f"Seeds: {len(self.seeds)} training items.", *self.steps)
        rests, writer = sources(self.survey), self.generator.title
        card = DatasetCard(title, "culturellm", "all countries", steps, writer, None, rests, columns)
        write_set(folder, frame, card, tallies)
        return {"wordings": len(frame), **{tally.what: tally.kept for tally in tallies}}

    def _wordings(self, tools: Tools) -> tuple[dict[str, list[Wording]], list[Tally]]:
        engine, questions, knobs = self.generator.open(tools), [i.question for i in self.seeds], self.paraphrases
        tallies = [Tally("paraphrases")]
        gate = Gate(self.embedder, knobs.similarity, knobs.count)
        drawn = Sampling(48, knobs.temperature, knobs.top_p, knobs.count, self.seed)
        found = paraphrase(engine, questions, gate, knobs.tries, drawn, tallies[0])
        tallies[0].require(self.least, "method.least")
        if self.synonyms:
            tallies += [Tally("synonyms"), Tally("wordings with a synonym")]
            count = self.synonyms.words
            wanted = {i.question: content_words(i.question, words(" ".join(i.options)), count) for i in self.seeds}
            drawn = Sampling(8 * self.synonyms.count, seed=self.seed)
            known = synonyms(engine, wanted, self.synonyms.count, drawn, tallies[1])
            wide = Gate(self.embedder, knobs.similarity, self.synonyms.wordings)
            substitute(found, known, wide, seed_of(self.seed, "synonyms"), tallies[2])
            for tally in tallies[1:]:
                say(f"  {tally}")
        return found, tallies

    @property
    def steps(self) -> tuple[str, ...]:
        """How the wordings came to be, for cards."""
        knobs = self.paraphrases
        said = f"{knobs.count} paraphrases a seed, kept where the cosine to it is above {knobs.similarity}."
        if self.synonyms is None:
            return (said,)
        most = self.synonyms.wordings
        return (said, f"One word replaced by a synonym, up to {most} wordings a seed, through the same gate.")

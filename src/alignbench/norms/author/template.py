"""The author without a language model: the survey's answer as a sentence, and clusters for what is general."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alignbench.component import Seed, supplied
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError
from alignbench.norms.author import Author, Evidence
from alignbench.norms.pool import central
from alignbench.store.stage import Tools

# How often an answer is given, by its rank.
_RANKS = ("mostly", "less often", "seldom")


@dataclass(frozen=True)
class TemplateAuthor(Author):
    """Low-level norms are the items' predicates; a high-level norm is the one nearest to the centre of its cluster."""

    cluster_seed: Seed = 42
    embedder: Embedder = supplied()

    def low_level(self, evidence: Sequence[Evidence], subject: str, tools: Tools) -> list[str]:
        """The top answer as a statement, or the first three answers in their order."""
        return [_sentence(known, subject) for known in evidence]

    @property
    def of_items(self) -> TemplateAuthor:
        """One that clusters nothing."""
        return TemplateAuthor()

    def high_level(self, topic: str, norms: Sequence[str], count: int, subject: str, tools: Tools) -> list[str]:
        """One norm for each of ``count`` k-means clusters, in the order of the norms."""
        if len(norms) <= count:
            return list(norms)
        return [norms[i] for i in central(self.embedder.encode(norms), count, self.cluster_seed)]

    def from_topic(self, topic: str, count: int, subject: str, tools: Tools) -> list[str]:
        """Refuse: a template knows nothing about a topic."""
        raise AlignbenchError("author", "template", "it knows only survey answers: for method.mining=t say author=llm")

    @property
    def note(self) -> str:
        """Named so in every table."""
        return "Norms were written by a template from the survey's answers, not by a language model."


def _sentence(known: Evidence, subject: str) -> str:
    item, ranked = known.item, known.ranked
    if len(ranked) == 1:
        return item.statement(ranked[0], subject)
    said = [f"{rank} {item.predicates[level]}" for rank, level in zip(_RANKS, ranked, strict=False)]
    return f"{subject} {', '.join(said[:-1])} and {said[-1]}."

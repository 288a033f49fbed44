"""Norm echo: the norms that most of the country holds, told to the model before every question.

Ours, as an example of a plugin. Of every training item the country's most frequent answer is taken; the ones that most
people gave become sentences. No weights change, and no item of the test split is read: the context holds none.
"""

from dataclasses import dataclass

from alignbench.aligned import AlignedModel
from alignbench.component import Count
from alignbench.method import Method, RunContext
from alignbench.types import Item, PromptPolicy, check


@dataclass(frozen=True)
class NormEcho(Method):
    """Knobs of norm echo."""

    # How many norms are told, those of the largest majorities first.
    norms: Count = 5

    def align(self, context: RunContext) -> AlignedModel:
        """Put the norms into the system text; nothing is trained.

        Raises:
            AlignbenchError: the country was asked fewer items than norms are wanted.
        """
        culture, train = context.culture, context.train
        asked = train.asked(culture.iso3)
        remedy = f"{culture.country} was asked {len(asked)} training items"
        check(self.norms <= len(asked), "method.norms", self.norms, remedy)
        answers = train.of(culture.iso3)
        clearest = sorted(asked, key=lambda item: (-max(answers[item.id].shares), item.id))[: self.norms]
        sentences = [_norm(item, answers[item.id].shares, f"People in {culture.country}") for item in clearest]
        return AlignedModel(context.model, policy=PromptPolicy((" ".join(sentences),)))


def _norm(item: Item, shares: tuple[float, ...], subject: str) -> str:
    """The most frequent answer as a sentence."""
    return item.statement(item.level(shares.index(max(shares))), subject)

"""Prompting: no weights change, a system text is put together from blocks.

Every prompting baseline is a choice of blocks (``conf/method``): persona, anthropological, native language,
cross-culture thinking, self-alignment in context, guidance, retrieved values, norms, and any combination.
"""

from dataclasses import dataclass
from typing import Annotated

from alignbench.aligned import AlignedModel
from alignbench.component import Count, NotNegative, OneOf, PositiveShare
from alignbench.data.languages import phrases
from alignbench.method import Method, RunContext
from alignbench.steps.block import BLOCKS, BlockPolicy, Knobs
from alignbench.types import Sampling, check

TRANSLATED = "Items and prompts in {language} were translated by a language model; no speaker has reviewed them."


@dataclass(frozen=True)
class Prompting(Knobs, Method):
    """Which blocks, with their knobs (:class:`~alignbench.steps.block.Knobs`), and whether thoughts come first."""

    # country | persona | norms | comparison | neighbours | guidance | anthropological | retrieved, in this order.
    blocks: Annotated[tuple[str, ...], OneOf(*sorted(BLOCKS))] = ("country",)
    # Ask for thoughts before the answer; answers are averaged over ``chains`` of them.
    reasoning: bool = False
    chains: Count = 4
    thought_tokens: Count = 48
    # Sampling of thoughts; common for reasoning models, our choice.
    temperature: NotNegative = 0.6
    top_p: PositiveShare = 0.95

    def _consistent(self) -> None:
        foreign = not self.native or self.blocks == ("country",)
        check(foreign, "method.native", True, "only the block country speaks other languages: method.blocks=[country]")

    def align(self, context: RunContext) -> AlignedModel:
        """Put the blocks together; nothing is trained.

        Raises:
            AlignbenchError: a block lacks what it needs, or the language has no phrases.
        """
        blocks = tuple(BLOCKS[name](context, self) for name in self.blocks)
        language = context.culture.language if self.native else "en"
        notes = [block.note for block in blocks if block.note]
        if language != "en":
            notes.append(TRANSLATED.format(language=phrases(language).name))
        thoughts = Sampling(self.thought_tokens, self.temperature, self.top_p, self.chains, context.seed)
        policy = BlockPolicy((), thoughts if self.reasoning else None, language, blocks)
        return AlignedModel(context.model, policy=policy, notes=tuple(notes))

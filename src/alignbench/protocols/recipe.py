"""What is asked in one pass of responses, and the open choices of the protocols."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from alignbench.component import Component, Count, Positive, Share
from alignbench.data.survey import Survey
from alignbench.identity import digest
from alignbench.types import Item, Split, check

# Q1-Q45 without Q42: the 44 items of CLCA's evaluation.
SOCIAL_VALUES = tuple(f"Q{number}" for number in range(1, 46) if number != 42)


class ItemBlock(Enum):
    """Which items are asked."""

    held_out = "held_out"  # the split that is asked: no method learnt from their batteries
    social_values = "social_values"  # CLCA's 44 items of World Values Survey wave 7, most of them in training batteries


@dataclass(frozen=True)
class Pass(Component):
    """Knobs of the interviews and of the protocols."""

    # held_out | social_values
    block: ItemBlock = ItemBlock.held_out
    # Ids of items to ask instead of a block.
    items: tuple[str, ...] = ()
    # People interviewed for each model and culture; CLCA has 1000.
    respondents: Count = 20
    # Which people are drawn; the same ones for every method and training seed.
    people_seed: int = 0
    # Added to every share before CLCA's KL divergence; the paper gives none, and the result depends on it.
    epsilon: Positive = 1e-6
    # Also CLCA's divergence as their code computes it.
    kl_clca_compat: bool = False
    # An interviewed person's answer counts as refused where all options together have less probability (our choice).
    refused_below: Share = 0.5

    _group = "task"

    def block_name(self, split: Split) -> str:
        """What the items are called in tables; unlike lists of items have unlike names."""
        if self.items:
            return f"{len(self.items)} items, {self.items[0]} to {self.items[-1]} ({digest(self.items, 4)})"
        return f"held-out ({split.name})" if self.block is ItemBlock.held_out else self.block.name

    def asked(self, surveys: Mapping[Split, Survey], survey: Survey, split: Split) -> tuple[Item, ...]:
        """The items of the pass, whatever the country.

        Raises:
            AlignbenchError: an id that the survey does not hold, or none of the block.
        """
        if self.items:
            return tuple(survey.item(name) for name in self.items)
        if self.block is ItemBlock.held_out:
            return surveys[split].items
        held = survey.items if survey.name.startswith("wvs") else ()
        found = tuple(item for item in held if item.id in SOCIAL_VALUES)
        remedy = f"survey {survey.name} holds none of them: choose a World Values Survey, or name task.items=[...]"
        check(bool(found), "task.block", self.block.name, remedy)
        return found

"""The knobs of the probe: whom it names, what it asks, and from where on it says what."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from alignbench.component import Component, Count, Maybe, NotNegative, OneOf, Share, Within
from alignbench.evaluation.elicit import Elicit
from alignbench.types import Split, check

# Of so few cultures every right order could be luck: four have 24 orders, and one in 24 is no evidence.
_FEWEST = 5


class Names(Enum):
    """By which name a model is told each country."""

    own = "own"
    gibberish = "gibberish"  # random letters in place of the name: what is found then is not the country


@dataclass(frozen=True)
class Probing(Component):
    """Knobs of the probe; all thresholds are our choice."""

    # Whose names the model is told, five or more. The default are those of experiment=nine_cultures.
    cultures: tuple[str, ...] = (
        "iraq", "bangladesh", "china", "usa", "germany", "korea", "brazil", "argentina", "turkey",
    )  # fmt: skip
    # validation | train: whose batteries are asked. There is no test: what the probe decides may not rest on it.
    splits: Annotated[tuple[Split, ...], OneOf(Split.validation, Split.train)] = (Split.validation, Split.train)
    # Questions, spread over the batteries: intervals rest on batteries. 0 asks all; those of one split are then stages
    # that cells with scoring.split=validation share.
    items: Maybe = 24
    # Wordings of the country prompt, of ten.
    wordings: Annotated[int, Within(1, 10)] = 1
    # own | gibberish: the control, in which nothing may look like the right direction.
    names: Names = Names.own
    # Names without a meaning that are told, too: how far answers differ by the mere letters of a name.
    nonsense: Annotated[int, Within(least=2, remedy="two names or more: one differs from nothing")] = 3
    # label | text | verbalised | sampled: forms of taking an answer that are compared; [scoring.elicit] saves the time.
    elicits: Annotated[tuple[Elicit, ...], OneOf(*Elicit)] = (*Elicit,)
    # Questions for the comparison of forms, asked as the two countries that differ most.
    form_items: Count = 6
    # With sampled: answers to a prompt. Few, since only what the answers have in common with people's is read off.
    samples: Annotated[int, Within(least=2, remedy="give two draws or more")] = 8
    # Below this mean probability of the options, answers are about the format; half a turn at talking is no answer.
    least_mass: Share = 0.5
    # The answers to nine names must differ by this part of what people differ by. A fiftieth is far below what any
    # method would bring, and four times what SmolLM2-135M shows.
    least_reaction: NotNegative = 0.02
    # They must differ by so many times what answers to names without a meaning differ by.
    beyond_nonsense: NotNegative = 1.0
    # Ways of dealing the answers out to the countries, against which the right way is held.
    permutations: Count = 2000
    # What the chance in training adds to the variance of a pooled effect, in parts of what the questions add. Assumed:
    # nothing is trained here.
    seed_variance: NotNegative = 1.0

    _group = "task"

    def _consistent(self) -> None:
        remedy = f"name {_FEWEST} or more, each once: with fewer, the right direction could be luck"
        enough = len(self.cultures) == len(set(self.cultures)) >= _FEWEST
        check(enough, "task.cultures", ",".join(self.cultures), remedy)

"""Dialogues between two people of a culture, played by a model: data for methods that learn from conversations."""

from dataclasses import dataclass
from enum import Enum

from alignbench.dialogue.scenario import SIDES, Scenario, Side


class Stop(Enum):
    """Why a dialogue ended."""

    # The planned number of turns was spoken.
    max_turns = "max_turns"
    # A speaker closed the conversation, or both said goodbye.
    closing = "closing"
    # A turn without a word.
    empty = "empty"
    # The model declined, as an assistant does.
    refusal = "refusal"
    # A turn too like an earlier one, or going round in itself.
    repetition = "repetition"
    # A turn out of the role: it speaks for the other, mentions being a model or prints the instructions.
    role_leak = "role_leak"


class DialogueForm(Enum):
    """What kind of conversation it is; each kind has its prompts."""

    # A social scene with private goals.
    scene = "scene"
    # A talk about a question.
    debate = "debate"


@dataclass(frozen=True)
class Utterance:
    """What one speaker said."""

    side: Side
    text: str


@dataclass(frozen=True)
class Dialogue:
    """A scenario as far as it has been played; side a speaks first and the sides alternate.

    Attributes:
        scenario: filled; the setting and both speakers, private goals included.
        profile: the culture in words, told to both; may be empty.
        country: where both live; None leaves it to the scene.
        cues: what a moderator says to the next speaker before each turn; turns beyond the last have none.
        stop: why it ended; None while it goes on.
        rejected: the text that ended it and is no turn of it (refusals, leaks, repetition).
    """

    scenario: Scenario
    profile: str = ""
    country: str | None = None
    form: DialogueForm = DialogueForm.scene
    cues: tuple[str, ...] = ()
    turns: tuple[Utterance, ...] = ()
    stop: Stop | None = None
    rejected: str = ""

    @property
    def next_side(self) -> Side:
        """Whose turn it is."""
        return SIDES[len(self.turns) % 2]

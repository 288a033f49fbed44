"""Dialogues as conversations to learn from."""

from alignbench.dialogue import Dialogue
from alignbench.dialogue.prompt import seen
from alignbench.dialogue.scenario import Side
from alignbench.types import Chat


def view(dialogue: Dialogue, side: Side) -> list[tuple[Chat, str]]:
    """Each turn of ``side`` as a reply to the chat in which it was spoken, in the order of the turns."""
    return [
        (seen(dialogue, side, position), turn.text) for position, turn in enumerate(dialogue.turns) if turn.side == side
    ]


def whole(dialogue: Dialogue, side: Side) -> tuple[Chat, str] | None:
    """All of the dialogue up to the last turn of ``side``, and that turn; None where that side said nothing."""
    turns = view(dialogue, side)
    return turns[-1] if turns else None

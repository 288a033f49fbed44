"""A dialogue as one of its speakers sees it."""

from pathlib import Path

from alignbench import templates
from alignbench.dialogue import Dialogue, DialogueForm, Utterance
from alignbench.dialogue.scenario import SIDES, Side
from alignbench.types import Chat, Message

# What a speaker writes to close the conversation.
CLOSING = "[end]"
_PROMPTS = Path(__file__).parent / "prompts"


def other_side(side: Side) -> Side:
    """The side that listens."""
    return "b" if side == "a" else "a"


def seen(dialogue: Dialogue, side: Side, turns: int | None = None) -> Chat:
    """The chat in which ``side`` speaks next: own turns as assistant, the other's as user.

    The system message holds the scene and the own part; of the other it has the name and what both know. A cue for
    the turn stands after the other's last words; cues of earlier turns are not shown again.

    Args:
        turns: only the first so many turns have been spoken; None for all.
    """
    spoken = [Message("assistant" if t.side == side else "user", t.text) for t in dialogue.turns[:turns]]
    heard = [Message("user", told(dialogue, side, "opening")), *spoken] if side == "a" else spoken
    due = dialogue.cues[len(spoken) : len(spoken) + 1] if side == SIDES[len(spoken) % 2] else ()
    for cue in due:
        heard = [*heard[:-1], Message("user", f"{heard[-1].content}\n\n({cue})")]
    system = told(dialogue, side, "system", rules=told(dialogue, side, "rules"))
    return (Message("system", system), *heard)


def whole(dialogue: Dialogue, side: Side) -> tuple[Chat, str] | None:
    """All of the dialogue up to the last turn of ``side``, and that turn; None where that side said nothing."""
    last = max((i for i, turn in enumerate(dialogue.turns) if turn.side == side), default=None)
    return None if last is None else (seen(dialogue, side, last), dialogue.turns[last].text)


def told(dialogue: Dialogue, side: Side, name: str, **values: object) -> str:
    """What ``side`` is told by one of the form's templates.

    They are ``system``, before the scene begins; ``rules``, its part that says how to play; and ``opening``, in the
    place of the other's words before the first turn.
    """
    scene, other = dialogue.scenario, dialogue.scenario.speaker(other_side(side))
    return rendered(
        name if dialogue.form is DialogueForm.scene else f"debate_{name}",
        me=scene.speaker(side),
        other=other.name,
        other_role=other.role,
        setting=scene.setting,
        relation=scene.relation,
        country=dialogue.country,
        profile=dialogue.profile,
        closing=CLOSING,
        **values,
    )


def transcript(dialogue: Dialogue, turns: int | None = None) -> str:
    """What was said, a line a turn, for those who read and do not play; ``turns`` as in :func:`seen`."""
    return "\n".join(line(dialogue, turn) for turn in dialogue.turns[:turns])


def line(dialogue: Dialogue, turn: Utterance) -> str:
    """A turn with its speaker's name."""
    return f"{dialogue.scenario.speaker(turn.side).name}: {' '.join(turn.text.split())}"


def rendered(name: str, **values: object) -> str:
    """The text of a template of this room; a name that it does not know is an error."""
    return templates.rendered(_PROMPTS, name, True, **values)

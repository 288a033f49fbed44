"""Dialogues between two people of a culture, played by a model: data for methods that learn from conversations."""

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from alignbench import templates
from alignbench.dialogue.scenario import SIDES, Scenario, Side
from alignbench.synthetic.texts import whole_sentences
from alignbench.types import Chat, Message

# What a speaker writes to close the conversation.
CLOSING = "[end]"
_PROMPTS = Path(__file__).parent / "prompts"


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


class TrainingText(Enum):
    """What conversations that are learnt from say besides what was spoken."""

    # The scene, and whose part it is; an intent alone.
    published = "published"
    # All that the speaker was told: description of the country, goal and secret; an intent and whether it is cultural.
    played = "played"


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


def whole(dialogue: Dialogue, side: Side, text: TrainingText) -> tuple[Chat, str] | None:
    """All of the dialogue up to the last turn of ``side``, and that turn; None where that side said nothing.

    Turns are cut back to whole sentences, where one ends in them.
    """
    ended = tuple(replace(turn, text=whole_sentences(turn.text)[0]) for turn in dialogue.turns)
    dialogue = replace(dialogue, turns=ended)
    last = max((i for i, turn in enumerate(dialogue.turns) if turn.side == side), default=None)
    if last is None:
        return None
    chat, reply = seen(dialogue, side, last), dialogue.turns[last].text
    if text is TrainingText.published:
        chat = (Message("system", told(dialogue, side, "part")), *chat[1:])
    return chat, reply


def told(dialogue: Dialogue, side: Side, name: str, **values: object) -> str:
    """What ``side`` is told by one of the form's templates.

    They are ``system``, before the scene begins; ``rules``, its part that says how to play; ``opening``, in the place
    of the other's words before the first turn; and ``part``, which takes the place of ``system`` in training.
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

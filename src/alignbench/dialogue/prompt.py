"""A dialogue as one of its speakers sees it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alignbench.dialogue import Dialogue, Turn
from alignbench.dialogue.scenario import Side
from alignbench.types import Chat, Message

# What a speaker writes to close the conversation.
CLOSING = "[end]"
_PROMPTS = Path(__file__).parent / "prompts"
_TEMPLATES = Environment(loader=FileSystemLoader(_PROMPTS), undefined=StrictUndefined, trim_blocks=True)


def other_side(side: Side) -> Side:
    """The side that listens."""
    return "b" if side == "a" else "a"


def seen(dialogue: Dialogue, side: Side, turns: int | None = None) -> Chat:
    """The chat in which ``side`` speaks next: own turns as assistant, the other's as user.

    The system message holds the scene and the own part; of the other it has the name and what both know.

    Args:
        turns: only the first so many turns have been spoken; None for all.
    """
    first = Message("user", opening(dialogue, side))
    spoken = [Message("assistant" if t.side == side else "user", t.text) for t in dialogue.turns[:turns]]
    return (Message("system", system(dialogue, side)), *([first] if side == "a" else []), *spoken)


def system(dialogue: Dialogue, side: Side) -> str:
    """What ``side`` is told before the scene begins."""
    scene = dialogue.scenario
    return rendered(
        "system",
        me=scene.speaker(side),
        other=_other(dialogue, side),
        setting=scene.setting,
        relation=scene.relation,
        country=dialogue.country,
        profile=dialogue.profile,
        rules=rules(dialogue, side),
    )


def opening(dialogue: Dialogue, side: Side) -> str:
    """What stands in the place of the other's words before the first turn."""
    return rendered("opening", other=_other(dialogue, side))


def rules(dialogue: Dialogue, side: Side) -> str:
    """The part of the system message that says how to play."""
    return rendered("rules", other=_other(dialogue, side), closing=CLOSING)


def _other(dialogue: Dialogue, side: Side) -> str:
    return dialogue.scenario.speaker(other_side(side)).name


def transcript(dialogue: Dialogue, turns: int | None = None) -> str:
    """What was said, a line a turn, for those who read and do not play; ``turns`` as in :func:`seen`."""
    return "\n".join(line(dialogue, turn) for turn in dialogue.turns[:turns])


def line(dialogue: Dialogue, turn: Turn) -> str:
    """A turn with its speaker's name."""
    return f"{dialogue.scenario.speaker(turn.side).name}: {' '.join(turn.text.split())}"


def wording() -> str:
    """Sixteen hex digits naming the texts of all templates, for the keys of stages."""
    texts = [path.read_bytes() for path in sorted(_PROMPTS.glob("*.jinja"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def rendered(name: str, **values: object) -> str:
    """The template ``name`` of this room."""
    return _TEMPLATES.get_template(f"{name}.jinja").render(**values).strip()

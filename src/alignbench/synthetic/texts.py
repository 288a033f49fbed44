"""What a generator or critic is asked, and what comes back, put into shape.

Requests hold examples as earlier turns: small models follow those better than instructions. Patterns are English and
ours; they look for clear cases only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from alignbench.backend import Engine
from alignbench.evaluation.metrics import softmax
from alignbench.templates import rendered
from alignbench.types import Chat, Message

_PROMPTS = Path(__file__).parent / "prompts"
# A text without one says nothing.
LETTER = re.compile(r"[^\W\d_]")
# A speaker in a role who speaks of being a model, or of the role.
OUT_OF_ROLE = re.compile(
    r"\b(?:as|i am|i['’]m|just|only|merely) an? "
    r"(?:ai|a\.i\.|artificial intelligence|chat ?bot|(?:virtual|digital) assistant)\b"
    r"|\blanguage model\b|\brole-?play|<\|\w+\|>",
    re.IGNORECASE,
)
# A speaker in a role who declines to play. People in a scene say that they cannot help each other, so this is narrow.
ROLE_DECLINED = re.compile(
    r"\b(?:can(?:no|['’])t|cannot|unable to|not able to|won['’]t|will not) (?:"
    r"assist (?:you )?(?:with|in)\b|(?:fulfil+|comply with|help (?:you )?with) (?:this|that|your) request\b"
    r"|(?:generate|create|write|produce) (?:this|that|such|the|any) (?:\w+ )?(?:content|dialogue|text|scene|response)\b"
    r"|(?:continue|take part in|engage in|participate in) (?:with )?(?:this|the|that|such) (?:kind of )?"
    r"(?:scenario|role|prompt|scene)\b)",
    re.IGNORECASE,
)
# A reply to a request that declines it.
REQUEST_DECLINED = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:virtual |digital )?assistant)\b|\blanguage model\b"
    r"|^(?:i['’]m|i am) (?:sorry|unable|not able|(?:here|ready|happy) to (?:help|assist))\b"
    r"|\bi (?:can(?:no|['’])t|cannot|won['’]t|will not) (?:assist|help|answer|provide|comply|fulfil|generate|rewrite)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# A bullet, a number, or a label such as "Opinion:" before the words.
_LEAD = re.compile(
    r"^(?:[-*•]\s*|\(?\d+[.):]\s*|(?:(?:say )?in other words|question|answer|opinion|statement|sentence):\s*)+", re.I
)
_QUOTES = "\"“”'‘’ \t"
# How a text ends that is whole, and all of a text up to its last such end.
_END = r"[.!?…][\"'”’)\]*]*"
ENDED = re.compile(rf"{_END}$")
_WHOLE = re.compile(rf"^.*{_END}(?=\s|$)", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])[\"”’)]*\s+")


def fault(text: str) -> str | None:
    """Why a text is none at all: ``empty`` or ``refusal``; None if it says something."""
    if not LETTER.search(text):
        return "empty"
    return "refusal" if REQUEST_DECLINED.search(text) else None


def bare(text: str) -> str:
    """Without bullet, number, label and quotation marks around it."""
    return _LEAD.sub("", text.strip(_QUOTES)).strip(_QUOTES)


def first_line(text: str) -> str:
    """The first line that says something, bare; what a talkative model adds below is left out."""
    lines = (bare(line) for line in text.splitlines())
    return next((line for line in lines if line), "")


def first_question(text: str) -> str:
    """The first line up to its first question mark."""
    line = first_line(text)
    return line[: line.index("?") + 1] if "?" in line else line


def whole_sentences(text: str) -> tuple[str, bool]:
    """A text up to the end of its last whole sentence, and whether something after that was left out.

    An engine does not say whether a text ended by itself or with its tokens, so a sentence counts as whole by its full
    stop alone. A text in which none ends is given back as it is.
    """
    found = _WHOLE.match(text.strip())
    return (found[0], found[0] != text.strip()) if found else (text, False)


def words(text: str) -> list[str]:
    """The words in small letters."""
    return [word.casefold() for word in _WORD.findall(text)]


def sentences(text: str) -> list[str]:
    """The sentences of a text, bare; a last one that breaks off is left out."""
    found = [bare(part) for line in text.splitlines() for part in _SENTENCE.split(line.strip())]
    return [sentence for sentence in found if sentence and sentence[-1] in ".!?"]


def conversation(name: str, **values: object) -> Chat:
    """The chat of a template: its parts, parted by lines of three dashes, are user and assistant in turn."""
    parts = [part.strip() for part in rendered(_PROMPTS, name, True, **values).split("\n---\n")]
    return tuple(Message(role, part) for role, part in zip(cycle(("user", "assistant")), parts, strict=False))


@dataclass(frozen=True)
class LabelChoice:
    """A label and its share of the probability of all labels asked about, within (0, 1].

    Attributes:
        spoken: whether any of the labels had a probability at all; a server gives those of the likeliest tokens alone.
    """

    label: str
    probability: float
    spoken: bool = True


def verdicts(engine: Engine, chats: Sequence[Chat], labels: Sequence[str]) -> list[LabelChoice]:
    """The likeliest label for each chat, read off the next-token probabilities: no reply to parse.

    Equal chats are asked once. Of equally likely labels the first wins.
    """
    unique = list(dict.fromkeys(chats))
    scores = engine.score(unique, [labels] * len(unique))
    shares = {chat: (softmax(score.logprobs), score.mass > 0) for chat, score in zip(unique, scores, strict=True)}
    found = {c: LabelChoice(labels[int(own.argmax())], float(own.max()), spoken) for c, (own, spoken) in shares.items()}
    return [found[chat] for chat in chats]

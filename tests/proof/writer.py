"""A generator for trials: what it writes depends on the chat and on every field of the sampling, in the form asked."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass

from alignbench.backend import Engine, Usage
from alignbench.generator import Generator
from alignbench.identity import canonical
from alignbench.types import OptionScores

_WORDS = (
    "people family work trust money rule custom market garden evening neighbour promise debt feast road letter "
    "cousin market house river table friend winter harvest school doctor guest story window bread answer reason"
).split()
_SCENE = (
    "Setting", "Person 1", "Person 1 wants to", "Person 1 hides that",
    "Person 2", "Person 2 wants to", "Person 2 hides that",
)  # fmt: skip
_VERDICT = re.compile(r"Answer with one word, (\w+) or (\w+), then a comma and how sure you are: (.+)\.")
_QUOTED = re.compile(r"(?:In|in) other words: (.+)$")


@dataclass(frozen=True)
class Scripted(Generator):
    """Two of another ``voice`` write other texts."""

    voice: int = 0

    def open(self, tools=None):
        """An engine that loads nothing."""
        return _Scripted(self.voice)

    @property
    def title(self) -> str:
        """Says what it is."""
        return "scripted"


class _Scripted(Engine):
    def __init__(self, voice: int) -> None:
        self.usage, self._voice = Usage(), voice

    def generate(self, chats, sampling, adapter=None):
        return [[_said(chat, sampling, f"{self._voice}/{n}") for n in range(sampling.n)] for chat in chats]

    def score(self, chats, options, adapter=None):
        return [_weighed(chat, asked, self._voice) for chat, asked in zip(chats, options, strict=True)]

    def close(self) -> None:
        """Nothing to free."""


def _weighed(chat, options, voice: int) -> OptionScores:
    """Probabilities from all but even to all but certain."""
    rng = random.Random(f"{voice}{chat}{options}")
    if "You rate a reply" in chat[-1].content:  # something that a guard can learn, lest it rate all alike
        reply = chat[-1].content.partition("The reply: ")[2]
        rating = 4 - 2 * ("a fool" in reply) - (" not " in reply) + rng.random()
        return OptionScores(tuple(-abs(float(option) - rating) for option in options), 1.0)
    weights = [rng.random() ** 3 + 1e-2 for _ in options]
    return OptionScores(tuple(math.log(weight / sum(weights)) for weight in weights), 1.0)


def _said(chat, sampling, draw: str) -> str:
    rng = random.Random(f"{chat}{canonical(sampling)}{draw}")
    asked = chat[-1].content
    if "Person 1 wants to" in asked:
        one, other = rng.sample(["Omar", "Lina", "Hadi", "Noor"], 2)
        lead = {"Setting": f"{one} meets {other} at the ", "Person 1": f"{one}, ", "Person 2": f"{other}, "}
        labels = _SCENE[: rng.choice([6, 7, 7])]  # one in three lacks a line
        return "\n".join(f"{label}: {lead.get(label, '')}{_few(rng, 5)}" for label in labels)
    if match := _VERDICT.search(asked):
        if rng.random() < 0.15:
            return "Who can say?"
        return f"{rng.choice(match.groups()[:2])}, {rng.choice(match[3].split(' or '))}"
    if "VERDICT: number" in asked:
        return f"{_few(rng, 4)}.\nVERDICT: {rng.choice(['+1', '0', '-1'])}"
    if "RATING: number" in asked:
        return f"{_few(rng, 4)}.\nRATING: {rng.randrange(1, 6)}"
    if match := _QUOTED.search(asked):
        if rng.random() < 0.3:
            return "I would rather not."
        return f"{rng.choice(['Tell me', 'Say', 'Now'])}, {_few(rng, 1)}: {match[1]}"
    if "List the opinions" in asked:
        return "\n".join(f"I think that {_few(rng, 8)}." for _ in range(max(1, sampling.max_new_tokens // 20)))
    if "could stand for" in asked:
        return ", ".join(rng.sample(_WORDS, 3))
    if "Ask something else about" in asked:
        return f"How much do you care about {_few(rng, 2)}?"
    if "Begin" in asked and "with" in asked:
        subject = re.search(r'with "([^"]+)"', asked)
        lines = max(1, sampling.max_new_tokens // 12)
        return "\n".join(f"{subject[1] if subject else 'People'} like {_few(rng, 3)}." for _ in range(lines))
    room = max(2, sampling.max_new_tokens - 2)
    country = rng.choice(["in Iraq", "at home"])
    close = " [end]" if len(chat) > 2 and rng.random() < 0.3 else ""
    longer = rng.randrange(4, min(room, 30)) if room > 5 else 1
    return f"I think that {_few(rng, min(room, 12))} {country}. I hold that {_few(rng, longer)} matters.{close}"


def _few(rng: random.Random, count: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(max(1, count)))

"""Which dialogues are good enough to learn from: CLCA's third step (Liu, Korhonen, Gurevych, ACL 2025).

A critic judges the quality of a dialogue and how true it is to the culture, then criticises these first verdicts and
judges again. Here a verdict is read off the probabilities of its labels, which also a small critic has, and its
confidence is a range of that probability; or, as in the paper, the critic states both. Questions in our own words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from alignbench.backend import Engine
from alignbench.component import Component, Maybe, PositiveShare
from alignbench.dialogue import Dialogue, rendered, transcript
from alignbench.dialogue.ruling import garbled
from alignbench.judge.panel import RatingSource
from alignbench.synthetic.texts import verdicts
from alignbench.types import Chat, Message, Sampling, chat

QUALITY, FIT = ("good", "bad"), ("yes", "no")
CONFIDENCES = VERY, CONFIDENT, UNSURE = ("very confident", "confident", "not sure")
# A label, a comma and a confidence.
_STATED_TOKENS = 16


class Unread(Enum):
    """What becomes of a dialogue of which a verdict cannot be read in the critic's words."""

    kept = "kept"  # as published: no verdict, and not sure
    dropped = "dropped"


class SecondLook(Enum):
    """What the verdict after the criticism is about."""

    fit = "fit"  # as published: whether the talk fits the culture, whatever was achieved
    overall = "overall"  # the dialogue as a whole, its quality too


@dataclass(frozen=True)
class Rating:
    """One verdict of the critic.

    Attributes:
        label: empty where the critic's words hold none, or where none is among a server's likeliest tokens.
        probability: of the label among its kind; None where the critic stated its confidence.
    """

    label: str
    confidence: str
    probability: float | None = None

    def __str__(self) -> str:
        return f"{self.label} ({self.confidence})"


@dataclass(frozen=True)
class Review:
    """The first two verdicts, what was said against them, and the verdict after that."""

    quality: Rating
    fit: Rating
    critique: str
    meta: Rating

    @property
    def unread(self) -> bool:
        """Whether one of the two verdicts that may drop the dialogue cannot be read."""
        return "" in (self.quality.label, self.meta.label)

    def fault(self, unread: Unread) -> str | None:
        """Why the dialogue is dropped: a bad quality or a bad second verdict, where the critic is very confident."""
        if self.unread and unread is Unread.dropped:
            return "no verdict"
        found = {"bad quality": self.quality, "bad on second thought": self.meta}
        return next((why for why, o in found.items() if (o.label, o.confidence) == ("bad", VERY)), None)


@dataclass(frozen=True)
class DialogueCritic(Component):
    """Knobs of the judging; the paper publishes the three words, what they stand for here is ours."""

    reading: RatingSource = RatingSource.probability
    # Least probability of a verdict that counts as very confident, and as confident; of two labels, 0.5 is none.
    very_confident: PositiveShare = 0.9
    confident: PositiveShare = 0.7
    # Tokens of the criticism; 0 goes straight to the second verdict.
    critique_tokens: Maybe = 32
    unread: Unread = Unread.kept
    second_look: SecondLook = SecondLook.fit

    def judge(self, critic: Engine, dialogues: Sequence[Dialogue]) -> list[Review]:
        """One judgement a dialogue, in their order."""
        if not dialogues:
            return []
        # All questions about a dialogue begin with it.
        with critic.remembering():
            quality = self._opinions(critic, [self._asked(d, "quality", QUALITY) for d in dialogues], QUALITY)
            fit = self._opinions(critic, [self._asked(d, "fit", FIT) for d in dialogues], FIT)
            doubts = [
                _chat(d, question="meta", quality=str(q), fit=str(f), closing="")
                for d, q, f in zip(dialogues, quality, fit, strict=True)
            ]
            said = critic.generate(doubts, Sampling(self.critique_tokens)) if self.critique_tokens else None
            critiques = [texts[0].strip() for texts in said] if said else [""] * len(doubts)
            countries = [dialogue.country for dialogue in dialogues]
            again = [self._again(*case) for case in zip(doubts, critiques, countries, strict=True)]
            meta = self._opinions(critic, again, QUALITY)
        return [Review(*found) for found in zip(quality, fit, critiques, meta, strict=True)]

    def _asked(self, dialogue: Dialogue, question: str, labels: Sequence[str]) -> Chat:
        return _chat(dialogue, question=question, closing=self._closing(labels))

    def _again(self, doubt: Chat, critique: str, country: str | None) -> Chat:
        """The chat that ends in the second verdict; a critic who said nothing is asked at once."""
        overall = self.second_look is SecondLook.overall
        last = f"{rendered('meta', overall=overall, country=country)} {self._closing(QUALITY)}"
        if not critique:
            return (*doubt[:-1], Message("user", f"{doubt[-1].content}\n\n{last}"))
        return (*doubt, Message("assistant", critique), Message("user", last))

    def _closing(self, labels: Sequence[str]) -> str:
        return rendered("answer", labels=labels, stated=self.reading is RatingSource.words, confidences=CONFIDENCES)

    def _opinions(self, critic: Engine, chats: Sequence[Chat], labels: Sequence[str]) -> list[Rating]:
        if self.reading is RatingSource.words:
            return [stated(texts[0], labels) for texts in critic.generate(chats, Sampling(_STATED_TOKENS))]
        found = verdicts(critic, chats, labels)
        return [
            Rating(v.label, self._confidence(v.probability), v.probability) if v.spoken else Rating("", UNSURE)
            for v in found
        ]

    def _confidence(self, probability: float) -> str:
        if probability >= self.very_confident:
            return VERY
        return CONFIDENT if probability >= self.confident else UNSURE


def stated(reply: str, labels: Sequence[str]) -> Rating:
    """The first label in a critic's words, and the confidence next to it; not sure where it states none."""
    label = re.search(rf"\b({'|'.join(labels)})\b", reply, re.IGNORECASE)
    sure = re.search("|".join(CONFIDENCES), reply, re.IGNORECASE)
    return Rating(label[1].lower() if label else "", sure[0].lower() if sure else UNSURE)


def unplayed(dialogue: Dialogue, least: int) -> str | None:
    """Why a dialogue is not worth judging: it ended too soon, with the reason, or it is no English."""
    if len(dialogue.turns) < least:
        stop = dialogue.stop.name.replace("_", " ") if dialogue.stop else "still going on"
        return f"too short: {stop}"
    return "garbled" if any(garbled(turn.text) for turn in dialogue.turns) else None


def _chat(dialogue: Dialogue, **values: object) -> Chat:
    scene = dialogue.scenario
    told = {"setting": scene.setting, "relation": scene.relation, "transcript": transcript(dialogue)}
    prompt = rendered("judge", country=dialogue.country, **told, **values)
    return chat(prompt, rendered("critic", country=dialogue.country))

"""What speakers intend with their turns: CLCA's fourth step and second task (Liu, Korhonen, Gurevych, ACL 2025).

A model that plays an expert of the culture states the intent of each turn in a short sentence, and ties it to the
culture only if very sure. Prompts in our own words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from alignbench.backend import Engine
from alignbench.component import Component, Count
from alignbench.dialogue import Dialogue, TrainingText, line, rendered, transcript
from alignbench.dialogue.ruling import disowned, garbled
from alignbench.synthetic.texts import ENDED, verdicts, whole_sentences
from alignbench.types import Chat, Message, Sampling, chat

# Why an intent is dropped that its tokens did not suffice for.
UNFINISHED = "no sentence ends"
_ROOTED = ("culture", "anywhere")
# Words by which a sentence speaks of a custom; English, and ours.
_CUSTOM = re.compile(
    r"\b(?:cultur|custom|tradition|norms?\b|etiquette|taboo|ritual|religio|expect(?:ed|ation)|socially|society|"
    r"honou?r\b|hospitality|respect for|hierarch|elders?\b|saving face)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^\W*(?:the )?intent(?:ion)?\s*:\s*", re.IGNORECASE)


class Flag(Enum):
    """How it is read off that an intent is rooted in the culture, which the paper leaves open ([I])."""

    mention = "mention"  # the sentence names the country, a custom or an expectation
    verdict = "verdict"  # the expert is asked, and answers by label probability


@dataclass(frozen=True)
class Intent:
    """What a turn is for.

    Attributes:
        cultural: rooted in the culture, and not generic like a greeting.
        fault: why it is not used; None if it is.
        cut: whether a last sentence without an end was left out.
    """

    text: str
    cultural: bool
    fault: str | None = None
    cut: bool = False

    def learnt(self, text: TrainingText) -> str:
        """The line that the model learns to say."""
        if text is TrainingText.published:
            return f"Intent: {self.text}"
        return f"{self.text} ({'rooted in the culture' if self.cultural else 'generic'})"


@dataclass(frozen=True)
class Intents(Component):
    """Knobs of the labelling; greedy. What the tokens do not suffice for is cut back to whole sentences."""

    max_new_tokens: Count = 48
    flag: Flag = Flag.mention

    def label(self, expert: Engine, dialogues: Sequence[Dialogue]) -> list[list[Intent]]:
        """The intent of every turn of every dialogue."""
        asked = [asks(d, position) for d in dialogues for position in range(len(d.turns))]
        countries = [d.country for d in dialogues for _ in d.turns]
        # What is asked of a turn begins with all turns before it.
        with expert.remembering():
            replies = [texts[0] for texts in expert.generate(asked, Sampling(self.max_new_tokens))] if asked else []
            texts, cut = zip(*map(sentences, replies), strict=True) if replies else ((), ())
            cultural = self._cultural(expert, asked, texts, countries)
        faults = [fault(text) for text in texts]
        found = (Intent(*of_turn) for of_turn in zip(texts, cultural, faults, cut, strict=True))
        return [[next(found) for _ in d.turns] for d in dialogues]

    def _cultural(
        self, expert: Engine, asked: Sequence[Chat], texts: Sequence[str], countries: Sequence[str | None]
    ) -> list[bool]:
        if self.flag is Flag.mention:
            return [mentions(text, country) for text, country in zip(texts, countries, strict=True)]
        chats = [
            (*chat_, Message("assistant", text or "?"), Message("user", rendered("rooted", country=c, labels=_ROOTED)))
            for chat_, text, c in zip(asked, texts, countries, strict=True)
        ]
        return [found.label == _ROOTED[0] for found in verdicts(expert, chats, _ROOTED)]


def asks(dialogue: Dialogue, position: int) -> Chat:
    """The chat that asks for the intent of the turn at ``position``; later turns are not shown."""
    scene, turn = dialogue.scenario, dialogue.turns[position]
    prompt = rendered(
        "intent",
        setting=scene.setting,
        relation=scene.relation,
        transcript=transcript(dialogue, position + 1),
        speaker=scene.speaker(turn.side).name,
        country=dialogue.country,
    )
    return chat(prompt, rendered("expert", country=dialogue.country))


def sentences(reply: str) -> tuple[str, bool]:
    """:func:`~alignbench.synthetic.texts.whole_sentences` of a reply in one line, a label before them removed."""
    return whole_sentences(_LABEL.sub("", " ".join(reply.split())))


def fault(text: str) -> str | None:
    """Why a text is no intent."""
    if (found := disowned(text) or ("garbled" if garbled(text) else None)) is not None:
        return found
    return None if ENDED.search(text) else UNFINISHED


def mentions(text: str, country: str | None) -> bool:
    """Whether a text names the country, or speaks of customs."""
    return bool(_CUSTOM.search(text)) or bool(country and country.casefold() in text.casefold())


def intent_view(dialogue: Dialogue, intents: Mapping[int, Intent], text: TrainingText) -> tuple[Chat, str] | None:
    """The dialogue as a listener learns it: turns as the user's messages, each answered by its intent.

    Turns without an intent go before the next one that has one; None where no turn has one. The task is the system
    text as published, or else stands before the first turn.

    Args:
        intents: position of the turn -> its intent.

    Returns:
        The chat up to the last turn, and the intent of that turn.
    """
    scene = dialogue.scenario
    told = {"setting": scene.setting, "relation": scene.relation, "country": dialogue.country}
    task = rendered("listen", **told, flagged=text is TrainingText.played)
    head, waiting = ([], [f"{task}\n"]) if text is TrainingText.played else ([Message("system", task)], [])
    messages: list[Message] = []
    for position, turn in enumerate(dialogue.turns):
        waiting.append(line(dialogue, turn))
        if position in intents:
            messages += [Message("user", "\n".join(waiting)), Message("assistant", intents[position].learnt(text))]
            waiting = []
    return ((*head, *messages[:-1]), messages[-1].content) if messages else None

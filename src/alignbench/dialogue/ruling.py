"""When a turn ends a dialogue, and why. Patterns are English and ours; they look for clear cases only."""

import re
from collections import Counter
from dataclasses import replace

from alignbench.dialogue import CLOSING, Dialogue, Stop, Utterance, other_side, told
from alignbench.synthetic.texts import LETTER, OUT_OF_ROLE, ROLE_DECLINED

# English prose has 0.93 and more.
_READABLE = 0.8
# A run of so many words of the instructions is a quotation, not chance.
_QUOTED_WORDS = 8
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Also "[END OF CONVERSATION]" and the like.
_CLOSING = re.compile(r"[*_(\s]*" + re.escape(CLOSING.removesuffix("]")) + r"\b[^\]\n]*\]", re.IGNORECASE)
# In the last sentence of a turn.
_FAREWELL = re.compile(
    r"\b(?:good-?\s?bye|bye|farewell|good night|go in peace)\b[^.!?]*[.!?\s]*$"
    r"|(?:^|[.!?,]\s*)(?:take care|see you(?: soon| then| later| tomorrow)?)\b[^.!?\w]*[.!?\s]*$",
    re.IGNORECASE,
)


def extended(dialogue: Dialogue, output: str, max_turns: int, max_overlap: float) -> Dialogue:
    """The dialogue after the next speaker's ``output``: one turn longer, or stopped, or both.

    A turn that leaks, refuses or repeats is kept out of the turns, in ``rejected``.
    """
    text, marked = _cleaned(dialogue, output)
    mutual = bool(dialogue.turns) and all(map(_FAREWELL.search, (dialogue.turns[-1].text, text)))
    closing = marked or mutual
    fault = _fault(dialogue, text, closing, max_overlap)
    if fault is not None:
        return replace(dialogue, stop=fault, rejected=output)
    turns = (*dialogue.turns, Utterance(dialogue.next_side, text)) if text else dialogue.turns
    full = Stop.max_turns if len(turns) >= max_turns else None
    return replace(dialogue, turns=turns, stop=Stop.closing if closing else full)


def _cleaned(dialogue: Dialogue, output: str) -> tuple[str, bool]:
    """The words spoken, without the own name before or quotation marks around them; and whether they close."""
    closing = _CLOSING.search(output)
    text = output[: closing.start()] if closing else output
    name = dialogue.scenario.speaker(dialogue.next_side).name
    text = re.sub(_tag(name), "", text.strip(), count=1).strip()
    quoted = len(text) > 1 and text[0] + text[-1] in ('""', "“”") and not set('"“”') & set(text[1:-1])
    return text[1:-1].strip() if quoted else text, closing is not None


def _fault(dialogue: Dialogue, text: str, closing: bool, max_overlap: float) -> Stop | None:
    if not LETTER.search(text):
        return None if closing and not text else Stop.empty
    if _leaks(dialogue, text):
        return Stop.role_leak
    if ROLE_DECLINED.search(text):
        return Stop.refusal
    shared = (going_round(text), *(overlap(text, turn.text) for turn in dialogue.turns))
    return Stop.repetition if not closing and max(shared) > max_overlap else None


def _leaks(dialogue: Dialogue, text: str) -> bool:
    side = dialogue.next_side
    names = (dialogue.scenario.speaker(other_side(side)).name, "user", "assistant", "system")
    tagged = any(re.search(_tag(name), text, re.IGNORECASE | re.MULTILINE) for name in names)
    said = (told(dialogue, side, "rules"), dialogue.profile, told(dialogue, side, "opening"), *dialogue.cues)
    quoted = _runs(" ".join(said), _QUOTED_WORDS) & _runs(text, _QUOTED_WORDS)
    return tagged or bool(OUT_OF_ROLE.search(text)) or bool(quoted)


def _tag(name: str) -> str:
    """Pattern of a line that begins with ``Name:``, whatever marks are around the name."""
    return rf"^[^\w\n]*{re.escape(name)}[^\w\n:：(]*(?:\([^)\n]*\))?[^\w\n:：]*[:：][*_ ]*"


def overlap(one: str, other: str) -> float:
    """How much two turns share, within [0, 1]: Dice coefficient of their words and pairs of neighbours (our choice).

    1 for the same words in the same order, 0 for no word in common.
    """
    a, b = (_runs(text, 1) + _runs(text, 2) for text in (one, other))
    return 2 * (a & b).total() / max(a.total() + b.total(), 1)


def going_round(text: str) -> float:
    """Share of the pairs of neighbouring words that a turn says again, within [0, 1); near 1 is a loop (our choice)."""
    pairs = _runs(text, 2)
    return 1 - len(pairs) / pairs.total() if pairs else 0.0


def disowned(text: str) -> str | None:
    """What is wrong with a text that no role-player spoke: nothing in it, a refusal, talk of being a model."""
    if not LETTER.search(text):
        return "empty"
    if ROLE_DECLINED.search(text):
        return "refusal"
    return "role leak" if OUT_OF_ROLE.search(text) else None


def garbled(text: str) -> bool:
    """Whether too few of the characters are English letters and blanks for a text to be one (our choice of share)."""
    readable = sum(c.isascii() and (c.isalpha() or c.isspace()) for c in text)
    return readable < _READABLE * len(text)


def _runs(text: str, length: int) -> Counter[tuple[str, ...]]:
    """Runs of neighbouring words, small letters, with their counts."""
    words = [word.casefold() for word in _WORD.findall(text)]
    return Counter(tuple(words[i : i + length]) for i in range(len(words) - length + 1))

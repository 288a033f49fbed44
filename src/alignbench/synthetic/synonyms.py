"""Synonyms in context, put into the wordings of a question: CultureLLM's second step (Li et al. 2024)."""

import random
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import product

from alignbench.backend import Engine
from alignbench.synthetic.conversation import conversation
from alignbench.synthetic.questions import Gate, Wording
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import fault, first_line, words
from alignbench.types import Sampling

# Shorter words are mostly grammar. Our choice, for want of a tagger.
_LETTERS = 5
# Words that begin with as many equal letters are forms of one word, as religion and religious. Our choice.
_STEM = 5
# Long enough to pass for content; and words whose replacement turns a question round.
_GRAMMAR = frozenset(
    """about above after again against agree among because before being below between could disagree during every
    further having never nobody often other people should since still their there these those though through under
    until usually where whether which while whose without would yours""".split()
)
_SYNONYM = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,2}")


def content_words(question: str, protected: Collection[str], count: int) -> list[str]:
    """The ``count`` longest words of a question that carry content, none of ``protected`` among them.

    Protected are the words of the answer options: who replaces "important" may turn the answer round.
    """
    found = dict.fromkeys(w for w in words(question) if len(w) >= _LETTERS and w.isalpha())
    free = [w for w in found if w not in _GRAMMAR and w not in protected]
    return sorted(free, key=lambda word: -len(word))[:count]


def synonyms(
    engine: Engine, wanted: Mapping[str, Sequence[str]], count: int, sampling: Sampling, tally: Tally
) -> dict[str, dict[str, list[str]]]:
    """Seed -> word -> at most ``count`` synonyms; one call to the engine.

    Args:
        wanted: seed -> the words for which synonyms are asked.
    """
    asked = [(seed, word) for seed, listed in wanted.items() for word in listed]
    texts = engine.generate([conversation("synonyms", word=word, sentence=seed) for seed, word in asked], sampling)
    found: dict[str, dict[str, list[str]]] = {seed: {} for seed in wanted}
    for (seed, word), said in zip(asked, texts, strict=True):
        found[seed][word] = _parsed(first_line(said[0]), word, words(seed), count, tally)
    return found


def _parsed(line: str, word: str, sentence: Collection[str], count: int, tally: Tally) -> list[str]:
    kept: list[str] = []
    for part in re.split(r"[,;/]", line):
        text = part.strip(" .\"'“”").casefold()
        reason = _reason(text, word, sentence, kept) or ("more than wanted" if len(kept) >= count else None)
        if tally.enter(text, reason):
            kept.append(text)
    return kept


def _reason(text: str, word: str, sentence: Collection[str], kept: Sequence[str]) -> str | None:
    if (found := fault(text)) is not None:
        return found
    if not _SYNONYM.fullmatch(text):
        return "not a word"
    if any(other[:_STEM] == word[:_STEM] for other in words(text)):
        return "the word itself"
    if text in sentence:
        return "in the sentence already"
    return "said before" if text in kept else None


def substitute(
    known: Mapping[str, list[Wording]],
    found: Mapping[str, Mapping[str, Sequence[str]]],
    gate: Gate,
    seed: int,
    tally: Tally,
) -> None:
    """Add wordings with one word replaced until each question has ``gate.wanted``, in an order drawn from ``seed``."""
    for question, listed in found.items():
        sources = [question, *(wording.text for wording in known[question])]
        pairs = [(word, other) for word, others in listed.items() for other in others]
        offers = [_replaced(text, word, other) for text, (word, other) in product(sources, pairs)]
        new = [text for text in dict.fromkeys(offers) if text not in sources]
        random.Random(f"{seed}/{question}").shuffle(new)
        while new and (missing := gate.wanted - len(known[question])) > 0:
            gate.admit([(question, text) for text in new[:missing]], known, tally)
            del new[:missing]


def _replaced(text: str, word: str, other: str) -> str:
    def said(match: re.Match[str]) -> str:
        return other[0].upper() + other[1:] if match[0][0].isupper() else other

    return re.sub(rf"\b{re.escape(word)}\b", said, text, count=1, flags=re.IGNORECASE)

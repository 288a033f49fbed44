"""New wordings of a question, and the gate that they must pass: CultureLLM's augmentation (Li et al. 2024).

A generator offers paraphrases, and synonyms in context that are put into them. Of the new questions that CultureSPA has
written, those are kept that are about the topic and not there yet.
"""

import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

from alignbench.backend import Engine
from alignbench.embedder import Embedder
from alignbench.seeds import seed_of
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import conversation, fault, first_line, first_question, words
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


class Wording(NamedTuple):
    """A question in other words, and its cosine with the question it stands for."""

    text: str
    cosine: float


@dataclass(frozen=True)
class Gate:
    """What may stand for a question: a question in other words that lies near it.

    Attributes:
        similarity: least cosine with the seed, exclusive.
        wanted: so many wordings of a seed are enough.
    """

    embedder: Embedder
    similarity: float
    wanted: int

    def admit(self, offers: Iterable[tuple[str, str]], known: Mapping[str, list[Wording]], tally: Tally) -> None:
        """Add to ``known`` what passes among (seed, text) offers, and enter each into the tally."""
        listed = list(offers)
        sound = [(seed, text) for seed, text in listed if fault(text) is None]
        seeds, texts = ([pair[i] for pair in sound] for i in (0, 1))
        cosines = (self.embedder.encode(texts) * self.embedder.encode(seeds)).sum(axis=1) if sound else ()
        near = dict(zip(sound, cosines, strict=True))
        for seed, text in listed:
            cosine = float(near.get((seed, text), 0.0))
            if tally.enter(text, self._reason(seed, text, cosine, known[seed])):
                known[seed].append(Wording(text, cosine))

    def _reason(self, seed: str, text: str, cosine: float, known: Sequence[Wording]) -> str | None:
        if (found := fault(text)) is not None:
            return found
        if seed.endswith("?") and not text.endswith("?"):
            return "not a question"
        if words(text) == words(seed):
            return "copies the seed"
        if words(text) in [words(wording.text) for wording in known]:
            return "said before"
        if cosine <= self.similarity:
            return "too far"
        return "more than wanted" if len(known) >= self.wanted else None


def paraphrase(
    engine: Engine, seeds: Sequence[str], gate: Gate, tries: int, sampling: Sampling, tally: Tally
) -> dict[str, list[Wording]]:
    """Paraphrases of each seed that pass the gate; seeds with too few are asked for again, up to ``tries`` times.

    One call to the engine a try, with ``sampling.n`` texts drawn for a seed in each.
    """
    found: dict[str, list[Wording]] = {seed: [] for seed in seeds}
    for attempt in range(tries):
        short = [seed for seed in found if len(found[seed]) < gate.wanted]
        if not short:
            break
        drawn = replace(sampling, seed=seed_of(sampling.seed, "paraphrase", attempt))
        texts = engine.generate([conversation("paraphrase", question=seed) for seed in short], drawn)
        offers = [(seed, first_question(text)) for seed, said in zip(short, texts, strict=True) for text in said]
        gate.admit(offers, found, tally)
    return found


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
        reason = _unfit(text, word, sentence, kept) or ("more than wanted" if len(kept) >= count else None)
        if tally.enter(text, reason):
            kept.append(text)
    return kept


def _unfit(text: str, word: str, sentence: Collection[str], kept: Sequence[str]) -> str | None:
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


def fresh(
    embedder: Embedder,
    offers: Sequence[tuple[str, str]],
    known: Mapping[str, Sequence[str]],
    copy: float,
    near: float,
    tally: Tally,
) -> list[str | None]:
    """New questions on a topic, one for each (topic, text) offer; None where the text is none.

    Args:
        known: topic -> the questions that are there.
        copy, near: cosines to the most similar known question of the topic: from ``copy`` on it is the same question,
            below ``near`` it is about something else.
    """
    texts = [first_question(text) for _, text in offers]
    vectors = embedder.encode(texts)
    of_topic = {topic: embedder.encode(questions) for topic, questions in known.items()}
    found: list[str | None] = []
    for (topic, _), text, vector in zip(offers, texts, vectors, strict=True):
        cosine = float((of_topic[topic] @ vector).max())
        reason = _staleness(text, cosine, [other for other in found if other], copy, near)
        found.append(text if tally.enter(text, reason) else None)
    return found


def _staleness(text: str, cosine: float, earlier: Sequence[str], copy: float, near: float) -> str | None:
    if (found := fault(text)) is not None:
        return found
    if not text.endswith("?"):
        return "not a question"
    if cosine >= copy:
        return "copies a training item"
    if cosine < near:
        return "off the topic"
    return "said before" if words(text) in [words(other) for other in earlier] else None

"""New wordings of a question: what a generator or a list of synonyms offers, and the gate that they must pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from alignbench.backend import Engine
from alignbench.embedder import Embedder
from alignbench.seeds import seed_of
from alignbench.synthetic.conversation import conversation
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import fault, first_line, words
from alignbench.types import Sampling


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

    CultureLLM's semantic augmentation (Li et al. 2024), one call to the engine a try. ``sampling.n`` texts are
    drawn for a seed in each.
    """
    found: dict[str, list[Wording]] = {seed: [] for seed in seeds}
    for attempt in range(tries):
        short = [seed for seed in found if len(found[seed]) < gate.wanted]
        if not short:
            break
        drawn = replace(sampling, seed=seed_of(sampling.seed, "paraphrase", attempt))
        texts = engine.generate([conversation("paraphrase", question=seed) for seed in short], drawn)
        offers = [(seed, _question(text)) for seed, said in zip(short, texts, strict=True) for text in said]
        gate.admit(offers, found, tally)
    return found


def _question(text: str) -> str:
    """The first line up to its first question mark."""
    line = first_line(text)
    return line[: line.index("?") + 1] if "?" in line else line


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
    texts = [_question(text) for _, text in offers]
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

"""Soft exact match of short answers with what people of a region say (BLEnD, Myung et al. 2024)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alignbench.types import check

Lemmatise = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Annotation:
    """One answer of the annotators, in all its spellings and languages, and how many gave it."""

    answers: tuple[str, ...]
    votes: int


def words(text: str) -> list[str]:
    """Lower-cased words, without punctuation. No lemmatiser: pass one of the language to match inflected forms."""
    return re.findall(r"\w+", text.casefold())


def answerable(annotations: Sequence[Annotation], no_answer: int, not_applicable: int, idk: int) -> bool:
    """Whether BLEnD scores the question: it has an answer, and few annotators had none.

    Skipped where ``no_answer + not_applicable`` reaches 3 or ``idk`` ("I don't know") reaches 5, of five people.
    """
    return bool(annotations) and no_answer + not_applicable < 3 and idk < 5


def sem_b(
    response: str | None,
    annotations: Sequence[Annotation],
    lemmatise: Lemmatise = words,
    match_substrings: bool = False,
) -> float:
    """SEM-B: 100 if the response contains any annotator's answer, else 0. Higher is better.

    Contained: every lemma of the answer is a lemma of the response, in any order.

    Args:
        response: the model's reply; None or an empty one scores 0.
        annotations: the question's, in any order; a spelling without a word in it matches nothing.
        lemmatise: text to lemmas.
        match_substrings: also accept the answer's characters anywhere in the response, even inside a word, with
            hyphens and spaces exchangeable, as the published code does before it looks at lemmas.
    """
    return 100.0 * (_matched_votes(response, annotations, lemmatise, match_substrings) > 0)


def sem_w(
    response: str | None,
    annotations: Sequence[Annotation],
    lemmatise: Lemmatise = words,
    match_substrings: bool = False,
) -> float:
    """SEM-W: votes of the most popular matching answer over those of the most popular one, x 100.

    Within [0, 100], never above :func:`sem_b`, whose arguments and errors it shares. Higher is better.
    """
    votes = _matched_votes(response, annotations, lemmatise, match_substrings)
    return 100.0 * votes / max(annotation.votes for annotation in annotations)


def _matched_votes(
    response: str | None, annotations: Sequence[Annotation], lemmatise: Lemmatise, match_substrings: bool
) -> int:
    votes = [annotation.votes for annotation in annotations]
    check(bool(votes) and min(votes) > 0, "annotations", votes, "a scored question needs answers that people gave")
    if not response:
        return 0
    lemmas, plain = set(lemmatise(response)), response.casefold()

    def contained(answer: str) -> bool:
        parts = set(lemmatise(answer))
        if not parts:
            return False
        return parts <= lemmas or (match_substrings and _inside(answer.casefold(), plain))

    return max((a.votes for a in annotations if any(map(contained, a.answers))), default=0)


def _inside(answer: str, response: str) -> bool:
    spellings = (answer, answer.replace("-", " "), answer.replace(" ", "-"))
    return any(spelling in response for spelling in spellings)

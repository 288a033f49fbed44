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


def soft_exact_match(
    response: str | None,
    annotations: Sequence[Annotation],
    lemmatise: Lemmatise = words,
    match_substrings: bool = False,
) -> tuple[float, float]:
    """SEM-B and SEM-W, within [0, 100], SEM-W never above SEM-B. Higher is better.

    SEM-B is 100 if the response contains any annotator's answer: every lemma of the answer is a lemma of the response,
    in any order. SEM-W is 100 x the votes of the most popular answer contained over those of the most popular one.

    Args:
        response: the model's reply; None or an empty one scores 0.
        annotations: the question's, in any order; a spelling without a word in it matches nothing.
        lemmatise: text to lemmas.
        match_substrings: also accept the answer's characters anywhere in the response, even inside a word, with
            hyphens and spaces exchangeable, as the published code does before it looks at lemmas.
    """
    votes = [annotation.votes for annotation in annotations]
    check(bool(votes) and min(votes) > 0, "annotations", votes, "a scored question needs answers that people gave")
    plain = (response or "").casefold()
    lemmas = set(lemmatise(plain))

    def contained(answer: str) -> bool:
        parts, text = set(lemmatise(answer)), answer.casefold()
        spellings = (text, text.replace("-", " "), text.replace(" ", "-")) if match_substrings else ()
        return bool(parts) and (parts <= lemmas or any(spelling in plain for spelling in spellings))

    matched = max((a.votes for a in annotations if any(map(contained, a.answers))), default=0)
    return 100.0 * (matched > 0), 100.0 * matched / max(votes)

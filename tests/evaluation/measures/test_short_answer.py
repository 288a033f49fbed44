from __future__ import annotations

import pytest

from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.short_answer import Annotation, answerable, soft_exact_match, words

ANSWERS = [Annotation(("rice porridge", "congee"), 4), Annotation(("egg",), 3), Annotation(("tea",), 1)]


def test_a_response_with_the_top_answer_scores_full() -> None:
    assert soft_exact_match("Porridge, made of rice.", ANSWERS) == soft_exact_match("CONGEE", ANSWERS) == (100, 100)


def test_the_most_popular_match_counts() -> None:
    assert soft_exact_match("an egg and tea", ANSWERS) == soft_exact_match("tea and an egg", ANSWERS[::-1]) == (100, 75)
    assert soft_exact_match("tea", ANSWERS) == (100, 25)


@pytest.mark.parametrize("response", [None, "", "I will not say.", "...", "rice"])
def test_refusals_and_parts_of_an_answer_score_0(response: str | None) -> None:
    assert soft_exact_match(response, ANSWERS) == (0, 0)


def test_inflected_forms_match_under_a_lemmatiser() -> None:
    def singular(text: str) -> list[str]:
        return [word.rstrip("s") for word in words(text)]

    assert soft_exact_match("eggs", ANSWERS)[0] == 0 and soft_exact_match("eggs", ANSWERS, singular)[0] == 100


def test_substrings_match_only_on_request() -> None:
    assert soft_exact_match("steak", ANSWERS) == (0, 0)
    assert soft_exact_match("steak", ANSWERS, match_substrings=True) == (100, 25)
    hyphen = [Annotation(("soy-milk",), 1)]
    assert soft_exact_match("soymilk", hyphen, match_substrings=True)[0] == 0
    assert soft_exact_match("hot soy milks", hyphen)[0] == 0
    assert soft_exact_match("hot soy milks", hyphen, match_substrings=True)[0] == 100


def test_an_answer_without_words_matches_nothing() -> None:
    empty = [Annotation(("", "-"), 2)]
    assert soft_exact_match("a - b", empty) == soft_exact_match("a - b", empty, match_substrings=True) == (0, 0)


def test_which_questions_are_scored() -> None:
    assert answerable(ANSWERS, no_answer=1, not_applicable=1, idk=4)
    assert not answerable(ANSWERS, no_answer=2, not_applicable=1, idk=0)
    assert not answerable(ANSWERS, no_answer=0, not_applicable=0, idk=5)
    assert not answerable([], no_answer=0, not_applicable=0, idk=0)


@pytest.mark.parametrize("annotations", [[], [Annotation(("tea",), 0)]])
def test_wrong_input_is_refused(annotations: list[Annotation]) -> None:
    with pytest.raises(AlignbenchError):
        soft_exact_match("tea", annotations)

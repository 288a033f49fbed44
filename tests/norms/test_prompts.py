from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.norms.pool import build_pool
from alignbench.norms.prompts import framed, located, nearest, stance_system
from tests.words import Words

from .toy import make_item


@pytest.fixture
def pool(survey, words):
    return build_pool(survey, "CCC", "Ceeland", words, clusters=3)


def asked(items):
    return [(item.id, item.question, item.question) for item in items]


def test_the_prompts_nearest_to_a_cluster_are_kept_and_stay_in_order(survey, words, pool):
    far = replace(make_item("Q13", "", ""), question="Will rain fall soon?")
    every = located(asked([far, *survey.items]), pool, words)
    kept = nearest(every, 0.8, 99)
    assert len(kept) == round(0.8 * 13) and every[0] not in kept
    assert kept == [p for p in every if p in kept] and max(p.distance for p in kept) < every[0].distance
    assert len(nearest(every, 1.0, 5)) == 5 and len(nearest(every, 0.01, 5)) == 1


def test_a_prompt_is_the_open_question_with_the_cluster_of_its_norm(survey, words, pool):
    found = located(asked(survey.items), pool, words)
    assert found[4].question == survey.items[4].question
    assert {p.item: p.cluster for p in found} == {n.item: n.cluster for n in pool.norms}


def test_a_template_words_an_item_in_ways_that_all_differ(survey):
    found = framed(survey.items[0])
    assert len(set(found)) == len(found) == 8
    assert all(survey.items[0].concept in text or survey.items[0].question in text for text in found)


def test_a_cluster_without_norms_can_not_judge(survey, words, pool):
    bare = replace(pool, norms=tuple(n for n in pool.norms if n.cluster != 1))
    found = located(asked(survey.items), bare, words)
    assert {p.cluster for p in found} == {0, 2}
    assert len(found) == len(survey.items) - 4


def test_no_norms_and_a_foreign_embedder_are_errors(survey, words, pool):
    with pytest.raises(AlignbenchError, match="no question lies"):
        located(asked(survey.items), replace(pool, norms=()), words)
    with pytest.raises(AlignbenchError, match="embedder"):
        located(asked(survey.items), pool, Words(dimension=8))


def test_the_stance_message_names_a_country_only_when_told():
    assert "Iraq" in stance_system("Iraq")
    assert stance_system("Iraq").endswith(stance_system())
    assert "None" not in stance_system()

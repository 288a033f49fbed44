from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.norms.pool import build_pool
from alignbench.norms.prompts import PromptText, stance_system, training_prompts
from tests.words import Words

from .toy import make_item


@pytest.fixture
def pool(survey, words):
    return build_pool(survey, "CCC", "Ceeland", words, clusters=3)


def test_prompts_far_from_every_cluster_are_dropped(survey, words, pool):
    far = replace(make_item("Q13", "", ""), question="Will rain fall soon?")
    every = training_prompts([*survey.items, far], pool, words, cut=2)
    kept = training_prompts([*survey.items, far], pool, words, cut=1.2)
    assert [p.item for p in kept] == [i.id for i in survey.items]
    assert [p.item for p in every if p not in kept] == ["Q13"]
    assert every[-1].distance > 1.2 >= max(p.distance for p in kept)


def test_a_prompt_is_the_open_question_with_the_cluster_of_its_norm(survey, words, pool):
    kept = training_prompts(survey.items, pool, words, cut=2)
    assert kept[4].question == survey.items[4].question
    assert {p.item: p.cluster for p in kept} == {n.item: n.cluster for n in pool.norms}


def test_concepts_lie_nearer_than_questions(survey, words, pool):
    by = {t: training_prompts(survey.items, pool, words, 2, t) for t in PromptText}
    assert sum(p.distance for p in by[PromptText.concept]) < sum(p.distance for p in by[PromptText.question])


def test_a_cluster_without_norms_can_not_judge(survey, words, pool):
    bare = replace(pool, norms=tuple(n for n in pool.norms if n.cluster != 1))
    kept = training_prompts(survey.items, bare, words, cut=2)
    assert {p.cluster for p in kept} == {0, 2}
    assert len(kept) == len(survey.items) - 4


def test_nothing_kept_and_a_foreign_embedder_are_errors(survey, words, pool):
    with pytest.raises(AlignbenchError, match="nearest lies at"):
        training_prompts(survey.items, pool, words, cut=0.01)
    with pytest.raises(AlignbenchError, match="embedder"):
        training_prompts(survey.items, pool, Words(dimension=8), cut=2)


def test_the_stance_message_names_a_country_only_when_told():
    assert "Iraq" in stance_system("Iraq")
    assert stance_system("Iraq").endswith(stance_system())
    assert "None" not in stance_system()

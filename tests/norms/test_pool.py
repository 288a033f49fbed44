import numpy as np
import pytest

from alignbench.errors import AlignbenchError
from alignbench.norms.pool import NormPool, build_pool, modal_level, opposite_level
from alignbench.types import Answers, Scale

from .toy import make_item


def pool_of(survey, words, iso3="CCC", country="Ceeland", **knobs):
    return build_pool(survey, iso3, country, words, **{"clusters": 3, **knobs})


def test_the_modal_level_sums_the_options_of_a_level():
    item = make_item("Q1", "work", "jobs", levels=5, scale=Scale.ten_point)
    shares = (0.3, 0.0, 0.16, 0.16, 0.1, 0.1, 0.08, 0.05, 0.05, 0.0)  # code 1 leads, the pair 3-4 has more
    assert modal_level(item, Answers(shares)) == (1, pytest.approx(0.32))


def test_of_equal_levels_the_lower_is_modal_whatever_the_rounding():
    item = make_item("Q1", "work", "jobs", levels=5, scale=Scale.ten_point)
    shares = (0.1, 0.2, 0.3, 0.0, 0.2, 0.1, 0.1, 0.0, 0.0, 0.0)  # 0.1 + 0.2 is not 0.3 in floats
    assert modal_level(item, Answers(shares))[0] == 0


@pytest.mark.parametrize(
    ("scale", "shares", "level", "opposite"),
    [
        (Scale.ordinal, (0.4, 0.3, 0.2, 0.1), 0, 3),
        (Scale.ordinal, (0.3, 0.4, 0.2, 0.1), 1, 2),
        (Scale.binary, (0.4, 0.6), 1, 0),
        (Scale.ordinal, (0.1, 0.7, 0.2), 1, 0),  # middle: the end that fewer chose
        (Scale.ordinal, (0.15, 0.7, 0.15), 1, 0),  # of equals, the lower
        (Scale.nominal, (0.5, 0.3, 0.2), 0, 2),  # nominal: the rarest other answer
        (Scale.nominal, (0.2, 0.3, 0.5), 2, 0),
    ],
)
def test_every_level_has_an_opposite(scale, shares, level, opposite):
    item = make_item("Q1", "work", "jobs", levels=len(shares), scale=scale)
    assert modal_level(item, Answers(shares))[0] == level
    assert opposite_level(item, Answers(shares), level) == opposite


def test_norms_say_what_the_majority_holds_and_its_opposite(survey, words):
    norm = pool_of(survey, words).norms[1]
    assert norm.item == "Q2"
    assert norm.statement == "People in Ceeland give jobs the mark number0."
    assert norm.opposite == "People in Ceeland give jobs the mark number3."
    assert norm.support == pytest.approx(0.6)
    assert norm.spoken_by("I").opposite == "I give jobs the mark number3."
    assert norm.spoken_by("I").spoken_by("People in Ceeland") == norm


def test_cultures_share_clusters_and_lack_only_what_they_were_not_asked(survey, words):
    c, d = pool_of(survey, words), pool_of(survey, words, "DDD", "Deeland")
    assert [n.item for n in d.norms] == [n.item for n in c.norms if n.item not in ("Q1", "Q10")]
    assert c.names == d.names
    assert np.array_equal(c.centres, d.centres)
    assert {n.item: n.cluster for n in d.norms}.items() <= {n.item: n.cluster for n in c.norms}.items()


def test_topics_become_clusters_named_after_them(survey, words):
    pool = pool_of(survey, words)
    assert [name.partition(":")[0] for name in pool.names] == ["faith", "work", "kin"]
    assert [n.item for n in pool.norms_of(1)] == ["Q2", "Q5", "Q8", "Q11"]
    assert all(name.partition(": ")[2] in pool.concepts for name in pool.names)


def test_nearest_finds_the_cluster_and_a_euclidean_distance(survey, words):
    pool = pool_of(survey, words)
    clusters, distances = pool.nearest(np.stack([pool.centres[2], -pool.centres[0]]))
    assert clusters[0] == 2
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert 1.4 < distances[1] <= 2


def test_a_pool_may_be_restricted_to_some_items(survey, words):
    pool = pool_of(survey, words, items={"Q1", "Q2", "Q3", "Q12", "Q999"})
    assert [n.item for n in pool.norms] == ["Q1", "Q2", "Q3", "Q12"]


def test_a_saved_pool_comes_back_whole(survey, words, tmp_path):
    pool = pool_of(survey, words)
    pool.save(tmp_path)
    again = NormPool.load(tmp_path)
    assert again.norms == pool.norms
    assert (again.names, again.concepts, again.made_with) == (pool.names, pool.concepts, pool.made_with)
    assert np.array_equal(again.vectors, pool.vectors)
    assert again.nearest(pool.vectors) == pool.nearest(pool.vectors)


def test_the_table_has_a_row_a_norm(survey, words):
    table = pool_of(survey, words).table()
    assert list(table.columns) == ["cluster", "name", "item", "statement", "opposite", "support"]
    assert len(table) == 12
    assert table["cluster"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("knobs", "match"),
    [({"iso3": "ZZZ"}, "culture.iso3"), ({"items": {"Q99"}}, "norms.items"), ({"clusters": 13}, "only 12 items")],
)
def test_what_can_not_be_built_is_said(survey, words, knobs, match):
    with pytest.raises(AlignbenchError, match=match):
        pool_of(survey, words, **knobs)

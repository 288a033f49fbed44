"""The planted world: its truth is exact, its people follow it, and it is the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from alignbench.config import conf_dir
from alignbench.data.counted import Layout
from alignbench.data.cultures import culture_named
from alignbench.data.microdata import country_shares
from alignbench.data.source.world import WARNING, Figures, PlantedWorld
from alignbench.data.splits import split_survey
from alignbench.data.world.lexicon import lexicon
from alignbench.data.world.population import GROUPS, populate
from alignbench.errors import AlignbenchError
from alignbench.evaluation.metrics import js_similarity
from alignbench.types import Scale, Split

SMALL = PlantedWorld(countries=4, items_per_battery=1, respondents=300)


@pytest.fixture(scope="module")
def world():
    return PlantedWorld().population()


def test_the_survey_has_every_scale_and_three_splits_by_battery() -> None:
    source = PlantedWorld()
    survey = source.load(())
    assert len(survey.items) == 108 and len(survey.answers) == 20
    assert {len(item.codes) for item in survey.items} == {2, 3, 4, 5, 10}
    assert {item.scale for item in survey.items} == {Scale.ordinal, Scale.binary, Scale.ten_point}
    parts = split_survey(survey, source.splits())
    assert [len(parts[s].items) for s in Split] == [56, 12, 40]
    assert survey.warning == WARNING


def test_truth_is_what_many_people_answer(world) -> None:
    people = world.respondents("SAU", 40_000, np.random.default_rng(0))
    for q, item in enumerate(world.items):
        drawn = np.bincount(people.answers[:, q], minlength=len(item.codes)) / 40_000
        assert np.abs(drawn - world.truth[q][world.index("SAU")]).max() < 0.012, item.id


def test_truth_by_quadrature_is_the_mean_over_people() -> None:
    """Against brute force: the ordered logit averaged over 200,000 drawn deviations."""
    world = populate(7, 4, 1)
    rng = np.random.default_rng(1)
    q = next(i for i, item in enumerate(world.items) if len(item.codes) == 5)
    groups = rng.choice(len(GROUPS), 200_000, p=world.margins[0])
    from alignbench.data.world import population as law

    effects = law._group_effects()[groups] + rng.normal(0, law.PERSONAL, (200_000, 6))
    eta = world.offsets[q] + (world.traits[0] + effects) @ world.loadings[q]
    below = 1 / (1 + np.exp(eta[:, None] - law._thresholds(5)))
    shares = np.diff(below.mean(axis=0), prepend=0, append=1)
    shares = (1 - law.CARELESS) * shares + law.CARELESS / 5
    expected = shares[::-1] if world.reversed_[q] else shares
    assert world.truth[q][0] == pytest.approx(expected, abs=0.003)


def test_signs_are_plausible(world) -> None:
    """Pious zones find religion important, and the first option means that it is."""
    q = next(i for i, item in enumerate(world.items) if item.question == "How important is religion in life?")
    saudi, chinese = world.truth[q][world.index("SAU")], world.truth[q][world.index("CHN")]
    assert saudi[0] > 0.5 > chinese[0] and world.items[q].options[0] == "Very important"


def test_people_of_one_country_differ_by_group_and_agree_with_themselves(world) -> None:
    people = world.respondents("BRA", 20_000, np.random.default_rng(2))
    old = np.array([GROUPS[g][1] == 2 for g in people.groups])
    faith = [q for q, item in enumerate(world.items) if item.battery == "faith_importance"]
    answers = people.answers[:, faith]
    assert answers[old].mean() < answers[~old].mean() - 0.05  # the old find it more important: lower positions
    assert np.corrcoef(answers.T)[0, 1] > 0.1


def test_the_same_knobs_make_the_same_world_and_others_another() -> None:
    assert PlantedWorld().fingerprint == PlantedWorld().fingerprint
    assert PlantedWorld(seed=8).fingerprint != PlantedWorld().fingerprint
    assert PlantedWorld(questions=3).fingerprint != PlantedWorld().fingerprint
    small, large = populate(7, 4, 1), populate(7, 20, 4)
    ids = [item.id for item in large.items]
    for q, item in enumerate(small.items):
        assert small.truth[q] == pytest.approx(large.truth[ids.index(item.id)][:4])


def test_a_sampled_survey_scatters_around_the_truth() -> None:
    truth, first, second = (
        PlantedWorld(countries=4, figures=f, sample_seed=s).load(())
        for f, s in ((Figures.truth, 0), (Figures.sample, 0), (Figures.sample, 1))
    )
    assert first.fingerprint != second.fingerprint
    errors = [
        np.abs(np.subtract(first.of("SAU")[i.id].shares, truth.of("SAU")[i.id].shares)).max() for i in truth.items
    ]
    assert 0 < np.mean(errors) < 0.03 and first.of("SAU")["W1"].n == 1200
    assert truth.of("SAU")["W1"].n is None


def test_countries_of_a_zone_are_alike(world) -> None:
    def likeness(a: str, b: str) -> float:
        return float(np.mean([js_similarity(s[world.index(a)], s[world.index(b)]) for s in world.truth]))

    assert likeness("USA", "GBR") > 0.95 > likeness("USA", "SAU") + 0.1


def test_the_respondents_file_reads_as_the_official_one_does(tmp_path) -> None:
    world = SMALL.population()
    path = tmp_path / "respondents.csv"
    world.microdata(SMALL.respondents_of(world)).to_csv(path, index=False)
    layout = Layout("B_COUNTRY_ALPHA", "W_WEIGHT", tuple((i.id, i.id) for i in world.items))
    read = country_shares(path, world.items, layout, off_scale=0.0)
    expected = PlantedWorld(countries=4, items_per_battery=1, respondents=300, figures=Figures.sample).load(())
    assert not read.dropped and not read.gaps
    for iso3, row in read.cells.items():
        for item_id, answers in row.items():
            assert answers.shares == pytest.approx(expected.of(iso3)[item_id].shares)
            assert answers.n == 300


def test_every_country_has_a_culture_of_that_code() -> None:
    for place in lexicon().countries:
        assert culture_named(place.culture, (conf_dir(),)).iso3 == place.iso3


@pytest.mark.parametrize("knobs", [{"countries": 21}, {"countries": 1}, {"items_per_battery": 5}, {"respondents": 0}])
def test_sizes_that_do_not_exist_are_refused(knobs) -> None:
    with pytest.raises(AlignbenchError, match=next(iter(knobs))):
        PlantedWorld(**knobs)

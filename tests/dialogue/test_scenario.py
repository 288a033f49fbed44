import re
from collections import Counter

import pytest

from alignbench.dialogue import Dialogue, seen
from alignbench.dialogue.scenario import SIDES, adapted, load_lexicons, load_scenarios, unadapted
from alignbench.errors import AlignbenchError

SCENARIOS = load_scenarios()
CULTURES = load_lexicons()


def test_every_domain_has_nine_scenarios():
    assert set(Counter(s.domain for s in SCENARIOS).values()) == {9}
    assert len(SCENARIOS) == 126


@pytest.mark.parametrize("culture", [*CULTURES, None])
def test_every_scenario_fills_in_every_culture(culture):
    for scenario in SCENARIOS:
        filled = unadapted(scenario, 3) if culture is None else adapted(scenario, culture, 3)
        assert not filled.placeholders
        assert (filled.id, filled.culture, filled.seed) == (scenario.id, culture, 3)
        assert filled.a.name != filled.b.name
        for side in SIDES:
            assert not set("{}") & set("".join(m.content for m in seen(Dialogue(filled), side)))


def test_the_words_are_those_of_the_culture():
    scenario = adapted(SCENARIOS[0], "japan", 0)
    japan = CULTURES["japan"]
    assert {scenario.a.name, scenario.b.name} <= {*japan["female"], *japan["male"]}
    assert any(place in scenario.setting for place in japan["home_places"])
    assert any(occasion in scenario.setting for occasion in japan["occasions"])
    assert scenario.a.name in scenario.setting and scenario.b.name in scenario.a.goal


def test_equal_seeds_give_equal_words_and_seeds_differ():
    takes = {seed: adapted(SCENARIOS[0], "iraq", seed) for seed in range(6)}
    assert takes == {seed: adapted(SCENARIOS[0], "iraq", seed) for seed in range(6)}
    assert len({t.setting for t in takes.values()}) > 1


@pytest.mark.parametrize("culture", CULTURES)
def test_a_couple_is_a_woman_and_a_man(culture):
    couples = [s for s in SCENARIOS if s.relation in ("married couple", "engaged couple")]
    assert len(couples) > 4
    women_first = set()
    for couple in couples:
        filled = adapted(couple, culture, 1)
        names = filled.a.name, filled.b.name
        sexes = [name in CULTURES[culture]["female"] for name in names]
        assert sorted(sexes) == [False, True]
        women_first.add(sexes[0])
    assert culture != "iraq" or women_first == {True, False}


def test_unadapted_scenes_hold_no_word_of_any_culture():
    names = {name for lexicon in CULTURES.values() for sex in ("female", "male") for name in lexicon[sex]}
    generic = {
        n for s in SCENARIOS for seed in range(3) for n in (unadapted(s, seed).a.name, unadapted(s, seed).b.name)
    }
    assert len(generic) == 8
    assert not generic & names
    assert "the village" in unadapted(SCENARIOS[0], 0).setting


def test_a_culture_without_lexicon_is_an_error():
    with pytest.raises(AlignbenchError, match=r"atlantis.*argentina"):
        adapted(SCENARIOS[0], "atlantis", 0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_every_scenario_is_sound(scenario):
    parts = [*scenario.norms, scenario.relation, scenario.setting, scenario.tension]
    texts = [*parts, *(text for side in SIDES for text in vars(scenario.speaker(side)).values())]
    assert scenario.norms and all(text.strip() for text in texts)
    known = {*SIDES, "place", "home_place", "occasion", "meal", "gift", "greeting_custom", "authority", "currency"}
    assert scenario.placeholders <= known
    assert not set("{}") & set(re.sub(r"\{[^{}]*\}", "", "".join(texts)))


def test_scenarios_have_ids_of_their_own():
    assert len({scenario.id for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("culture", CULTURES)
def test_every_lexicon_is_sound(culture):
    lexicon = CULTURES[culture]
    assert lexicon.keys() == CULTURES["iraq"].keys()
    assert all(
        words and all(word.strip() and not set("{}") & set(word) for word in words) for words in lexicon.values()
    )
    assert len(set(lexicon["female"])) > 1 and len(set(lexicon["male"])) > 1

"""Which cultures may be left out of a training is fixed in a file, for all surveys."""

from collections import defaultdict

import pytest

from alignbench.config import conf_dir
from alignbench.data.culture_splits import LeaveOut, culture_splits, left_in
from alignbench.data.cultures import country_names
from alignbench.data.world.lexicon import lexicon
from alignbench.errors import AlignbenchError
from alignbench.types import Split

WAYS = (LeaveOut.zone, LeaveOut.random)


def test_every_culture_has_a_line_and_is_trained_on_or_left_out():
    assert culture_splits().keys() == country_names((conf_dir(),)).keys()
    assert {line.split(how) for line in culture_splits().values() for how in WAYS} == {Split.train, Split.test}
    assert left_in(culture_splits(), LeaveOut.none) == tuple(sorted(culture_splits()))


def test_zones_are_left_out_whole_and_random_ones_keep_neighbours():
    zones = defaultdict(list)
    for line in culture_splits().values():
        zones[line.zone].append(line)
    for lines in zones.values():
        assert len({line.by_zone for line in lines}) == 1
        left = sum(line.at_random is Split.test for line in lines)
        assert left == round(len(lines) / 4)


def test_the_planted_world_has_several_cultures_on_either_side():
    world = {country.iso3 for country in lexicon().countries}
    for how, unseen in ((LeaveOut.zone, 6), (LeaveOut.random, 5)):
        assert len(world - set(left_in(world, how))) == unseen


def test_a_country_without_a_line_is_refused_where_some_are_left_out():
    with pytest.raises(AlignbenchError, match="no split is given for ATL"):
        left_in(["ATL", "IRQ"], LeaveOut.zone)
    assert left_in(["IRQ", "ATL"], LeaveOut.none) == ("ATL", "IRQ")

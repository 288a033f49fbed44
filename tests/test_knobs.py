"""What a knob may be holds for every value of a list, and what a slot lacks is said in words that fill it."""

import pytest

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.method.persona_mixture import PersonaMixture
from alignbench.method.steering import Steering
from alignbench.method.subpop import SubPOP
from alignbench.testing import composed


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Steering(depths=(0.5, 2.0)), r"method\.depths = 2\.0: .*from 0 to 1"),
        (lambda: Steering(strengths=(1.0, -1.0)), r"method\.strengths = -1\.0: .*positive"),
        (lambda: Steering(strengths=()), r"method\.strengths = \[\]"),
        (lambda: PersonaMixture(penalties=(float("nan"),)), r"method\.penalties = nan"),
        (lambda: SubPOP(ages=(30, 0)), r"method\.ages = 0"),
    ],
)
def test_every_value_of_a_list_is_held_to_its_bounds(make, message):
    with pytest.raises(AlignbenchError, match=message):
        make()


@pytest.mark.parametrize(
    ("group", "words", "fill"),
    [
        ("judge", ("judge=guard",), ("generator@judge.second=other", "model@judge.second.model=nano")),
        ("generator", ("generator=other",), ("generator=other", "model@generator.model=nano")),
        ("critic", ("generator@critic=other",), ("generator@critic=other", "model@critic.model=nano")),
    ],
)
def test_the_words_that_a_message_gives_fill_the_slot(group, words, fill):
    with pytest.raises(AlignbenchError, match="not given") as told:
        instantiate(composed("model=nano", *words)[group])
    assert all(word.replace("=nano", "=NAME") in str(told.value) for word in fill)
    instantiate(composed("model=nano", *dict.fromkeys((*words, *fill)))[group])

"""A survey of three topics with four items each, answered in two countries."""

import pytest

from alignbench.data.survey import Survey
from alignbench.types import Answers
from tests.words import Words

from .toy import make_item

THINGS = {"faith": ("god", "prayer", "church", "hell"), "work": ("jobs", "wages", "bosses", "strikes"),
          "kin": ("parents", "children", "cousins", "weddings")}  # fmt: skip


@pytest.fixture
def words():
    return Words()


@pytest.fixture
def survey():
    """Q1-Q12, every third of another topic; CCC holds level 0, DDD level 3 and was not asked Q1 and Q10."""
    topics = list(THINGS)
    items = tuple(make_item(f"Q{n + 1}", topics[n % 3], THINGS[topics[n % 3]][n // 3]) for n in range(12))
    answers = {
        "CCC": {i.id: Answers((0.6, 0.2, 0.1, 0.1)) for i in items},
        "DDD": {i.id: Answers((0.1, 0.1, 0.2, 0.6)) for i in items if i.id not in ("Q1", "Q10")},
    }
    return Survey("toy", "Toy", "2020", "none", "none", items, answers, "fingerprint")

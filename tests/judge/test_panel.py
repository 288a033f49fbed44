import numpy as np
import pytest

from alignbench.judge.panel import GuardAxis, Rater, RatingSource, parse_rating
from tests.doors import tools_with

from .toy import Fixed, Table

TOOLS = tools_with(Table)


def rated(engine, reading=RatingSource.probability, questions=("Q?",), answers=("Yes.",)):
    return Rater(Fixed("judge", engine), reading).rate(questions, answers, "Ceeland", TOOLS)


def test_a_rating_by_probability_is_the_mean_of_the_numbers():
    engine = Table(score=lambda text, option: np.log({"4": 0.75, "5": 0.25}.get(option, 1e-12)))
    assert rated(engine) == pytest.approx(np.array([[4.25, 4.25]]))


def test_each_axis_is_asked_with_question_reply_and_country_and_equal_pairs_once():
    harmless = Table(score=lambda text, option: 0.0 if option == ("5" if "harmless" in text else "1") else -99.0)
    found = rated(harmless, questions=["Q?"] * 3, answers=["Yes.", "Yes.", "No."])
    assert found == pytest.approx(np.array([[5.0, 1.0]] * 3)) and found.shape == (3, len(GuardAxis))
    assert len(harmless.asked) == 4
    assert all(part in harmless.asked[0] for part in ("Ceeland", "was asked: Q?", "The reply: Yes."))


def test_a_rating_in_words_that_cannot_be_read_is_missing():
    engine = Table(say=lambda text: "Kind.\nRATING: 4" if "harmless" in text else "Who can say?")
    ((harmlessness, awareness),) = rated(engine, RatingSource.words)
    assert harmlessness == 4 and np.isnan(awareness)
    assert "RATING: number" in engine.asked[0]


def test_no_pairs_are_no_ratings():
    assert rated(Table(), questions=(), answers=()).shape == (0, 2)


@pytest.mark.parametrize(
    ("output", "rating"), [("so\nRATING: 3", 3), ("**Rating: 5/5**", 5), ("RATING: 6", None), ("RATING: 3\nok", None)]
)
def test_only_a_last_line_with_one_rating_counts(output, rating):
    assert parse_rating(output) == rating

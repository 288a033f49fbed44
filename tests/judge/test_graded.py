from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.judge.blend import BlendJudge
from alignbench.judge.embedding import EmbeddingJudge
from alignbench.judge.likelihood import LikelihoodJudge
from tests.doors import tools_with

from .toy import BASE, FAITH, SEEN, SUBJECT, Table, given, make_norm

NORMS = tuple(make_norm(thing) for thing in FAITH)
GRADED = [EmbeddingJudge(), LikelihoodJudge(), BlendJudge()]


def honest(prompt, answer):
    """Log-probability: an answer is likelier after a prompt that shares its verb."""
    return -10.0 + 4 * any(verb in prompt and verb in answer for verb in ("love", "despise"))


def tools(score=honest):
    return tools_with(lambda: Table(score))


def ask(judge, answer, question="", norms=NORMS, use=None):
    return given(judge).judge([question], [answer], [norms], use or tools())[0]


@pytest.mark.parametrize("judge", GRADED)
@pytest.mark.parametrize(
    ("answer", "verdict"),
    [("I love church deeply.", 1), ("I despise church utterly.", -1), ("Tomatoes want sun.", 0), ("", 0), ("  \n", 0)],
)
def test_support_contradiction_and_small_talk(judge, answer, verdict):
    judged = ask(judge, answer)
    assert judged.verdict == verdict
    assert judged.item == ("church" if verdict else judged.item)
    assert judged.score * verdict >= 0


@pytest.mark.parametrize("subject", ["I", "We", SUBJECT])
@pytest.mark.parametrize("verb", ["love fasting deeply", "despise fasting utterly"])
def test_the_subject_of_an_answer_does_not_matter(subject, verb):
    assert ask(EmbeddingJudge(), f"{subject} {verb}.").verdict == (1 if "love" in verb else -1)


def test_a_norm_pulls_no_answer_by_its_country():
    answers = ["Ceeland is in the north.", "The sea is in the north."]
    found = given(EmbeddingJudge()).judge(["", ""], answers, [NORMS] * 2, tools())
    assert found[0].relatedness == pytest.approx(found[1].relatedness, abs=0.1)


def test_the_question_tells_which_norm_an_answer_is_about():
    answer, question = "I love it deeply.", "What about scripture?"
    assert ask(EmbeddingJudge(), answer, question).item == "scripture"
    assert ask(EmbeddingJudge(question_weight=0), answer, question).item == "prayer"  # the first of equals


def test_the_lean_of_a_question_is_taken_off():
    plain = ask(EmbeddingJudge(), "I love prayer.", "Prayer?").score
    leading = ask(EmbeddingJudge(), "I love prayer.", "Do you love prayer deeply?").score
    assert leading < plain
    assert ask(EmbeddingJudge(question_weight=0), "I love prayer.", "Do you love prayer deeply?").score > leading


def test_norms_without_an_opposite_decide_nothing():
    onesided = [replace(n, opposite=None) for n in NORMS]
    for norms in (onesided, ()):
        judged = ask(EmbeddingJudge(), "I love church deeply.", norms=norms)
        assert (judged.score, judged.verdict, judged.item) == (0, 0, None)
    assert ask(EmbeddingJudge(), "I love church deeply.", norms=[*onesided, make_norm("bells")]).item == "bells"


def test_each_text_is_embedded_once():
    norms = tuple(make_norm(thing) for thing in ("oak", "elm"))
    SEEN.clear()
    for _ in range(2):
        given(EmbeddingJudge()).judge(["Q?"] * 3, ["I love oak.", "I love oak.", "No."], [norms] * 3, tools())
    assert sorted(SEEN).count("I love oak.") == 2  # once a call
    assert len([text for text in SEEN if "People" in text]) == 4  # two norms, two sides, once a process


@pytest.mark.parametrize("judge", GRADED)
def test_thresholds_turn_verdicts_to_zero_and_leave_scores(judge):
    sure = ask(judge, "I love church deeply.")
    for strict in (replace(judge, related_cut=1.01), replace(judge, margin=100.0)):
        doubtful = ask(strict, "I love church deeply.")
        assert (doubtful.verdict, doubtful.score) == (0, sure.score)


def test_likelihood_compares_the_norm_with_its_opposite_and_asks_each_pair_once():
    use = tools()
    judged = given(LikelihoodJudge(spread=0)).judge(["Church?"] * 2, ["I love church deeply."] * 2, [NORMS] * 2, use)
    assert judged[0] == judged[1]
    assert judged[0].score == pytest.approx(4)
    asked = use.engine(BASE).asked
    assert len(asked) == 2
    assert NORMS[1].statement in asked[0]
    assert NORMS[1].opposite in asked[1]
    assert all("Church?" in prompt for prompt in asked)


def test_likelihood_per_word_divides_by_the_words_of_the_answer():
    assert ask(LikelihoodJudge(per_word=True), "I love church deeply.", "Church?").score == pytest.approx(1)


def test_no_engine_is_opened_without_an_answer_to_score():
    def never():
        raise AssertionError("opened")

    assert given(LikelihoodJudge()).judge([""], [" "], [NORMS], tools_with(never))[0].verdict == 0


def test_a_blend_adds_both_contrasts_in_their_units():
    embedding, likelihood = (ask(j, "I love church deeply.").score for j in (EmbeddingJudge(), LikelihoodJudge()))
    blend = ask(BlendJudge(embedding_unit=0.2, likelihood_unit=5.0), "I love church deeply.").score
    assert blend == pytest.approx(embedding / 0.2 + likelihood / 5.0)


@pytest.mark.parametrize("knobs", [{"margin": -1.0}, {"question_weight": 2.0}, {"embedding_unit": 0.0}])
def test_senseless_knobs_are_refused(knobs):
    with pytest.raises(AlignbenchError, match=f"judge.{next(iter(knobs))}"):
        BlendJudge(**knobs)

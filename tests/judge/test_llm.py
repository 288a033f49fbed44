from dataclasses import replace

import pytest

from alignbench.identity import canonical
from alignbench.judge.llm import LLMJudge, parse
from tests.doors import tools_with

from .toy import BASE, Fixed, Table, Words, given, make_norm

NORMS = (make_norm("prayer"), make_norm("church"))


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        ("1. agrees\nVERDICT: +1", 1),
        ("VERDICT: 1\n\n", 1),
        ("**Verdict: -1**", -1),
        ("VERDICT: \u22121", -1),
        ("verdict = 0.", 0),
        ("VERDICT: +1\nVERDICT: -1", -1),
        ("VERDICT: -1, RULE: none", -1),
        ("**VERDICT: +1, RULE: 9**", 1),
    ],
)
def test_the_last_line_holds_the_verdict(output, verdict):
    judged = parse(output, NORMS)
    assert (judged.verdict, judged.score, judged.parsed) == (verdict, verdict, True)


def test_the_verdict_names_the_norm_that_decided():
    assert [parse(f"VERDICT: -1, RULE: {n}", NORMS).item for n in (1, 2, 3, 0)] == ["prayer", "church", None, None]


@pytest.mark.parametrize(
    "output",
    ["", "\n", "VERDICT: +1\nI hope this helps.", "VERDICT: 2", "VERDICT: 10", "VERDICT: 0.5", "VERDICT: - 1", "1"],
)
def test_anything_else_is_unparsed(output):
    judged = parse(output, NORMS)
    assert (judged.verdict, judged.score, judged.parsed) == (0, 0, False)


def test_the_prompt_shows_every_rule_the_question_and_the_answer():
    engine = Table(say=lambda _: "VERDICT: -1")
    judged = given(LLMJudge()).judge(["Do you pray?"], ["Never."], [NORMS], tools_with(lambda: engine))
    assert judged[0].verdict == -1
    for text in (f"1. {NORMS[0].statement}", f"2. {NORMS[1].statement}", "Question: Do you pray?", "Answer: Never."):
        assert text in engine.asked[0]


def test_blank_answers_and_missing_norms_are_not_asked_and_equal_cases_once():
    engine = Table(say=lambda _: "VERDICT: +1")
    norms = [NORMS, NORMS, NORMS, ()]
    judged = given(LLMJudge()).judge(["Q?"] * 4, ["Yes.", "Yes.", " ", "Yes."], norms, tools_with(lambda: engine))
    assert [j.verdict for j in judged] == [1, 1, 0, 0]
    assert all(j.parsed for j in judged)
    assert len(engine.asked) == 1


def test_another_model_may_judge_and_is_part_of_the_identity():
    engine = Table(say=lambda _: "VERDICT: +1")
    judge = given(LLMJudge(Fixed("other", engine)))
    judged = judge.judge(["Q?"], ["Yes."], [NORMS], tools_with(lambda: pytest.fail("the base model")))
    assert judged[0].verdict == 1
    thinking = replace(BASE, template_kwargs={"enable_thinking": True})
    found = [canonical(LLMJudge().supply(model=model, embedder=Words())) for model in (BASE, BASE, thinking)]
    assert found[0] == found[1] != found[2]
    assert canonical(given(LLMJudge(Fixed("other", engine)))) not in found

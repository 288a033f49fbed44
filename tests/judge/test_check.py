import json
from dataclasses import asdict, dataclass, replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.judge import Judge, Judgement
from alignbench.judge.check import check_judge, fit_thresholds
from alignbench.judge.embedding import EmbeddingJudge
from tests.doors import tools_with

from .toy import Table, given, make_pool

TOOLS = tools_with(Table)


@dataclass(frozen=True)
class Oracle(Judge):
    """Right always, never or only in one cluster; or an LLM that cannot be parsed."""

    right: bool = True
    blind: str = ""
    parsed: bool = True

    def judge(self, questions, answers, norms, tools):
        return [self._one(answer, cluster) for answer, cluster in zip(answers, norms, strict=True)]

    def _one(self, answer, cluster):
        related = any(n.item in answer for n in cluster)
        verdict = 0 if not related or not self.parsed else 1 if "love" in answer else -1
        if self.blind in {n.item for n in cluster}:
            verdict = 0
        return Judgement(verdict if self.right else -verdict, verdict if self.right else -verdict, parsed=self.parsed)


def test_a_perfect_judge_is_found_perfect():
    found = check_judge(Oracle(), make_pool(), TOOLS, seed=0)
    assert (found.norms, found.accuracy, found.auc, found.unparsed) == (8, 1, 1, 0)
    assert found.confusion == [[8, 0, 0], [0, 8, 0], [0, 0, 8]]
    assert found.auc_interval == (1, 1)
    assert not found.near_chance


def test_a_contrary_judge_is_near_chance():
    found = check_judge(Oracle(right=False), make_pool(), TOOLS, seed=0)
    assert found.auc == 0
    assert found.confusion == [[0, 0, 8], [0, 8, 0], [8, 0, 0]]
    assert found.near_chance


def test_the_weakest_cluster_is_named():
    found = check_judge(Oracle(blind="wages"), make_pool(), TOOLS, seed=0)
    assert found.weakest == "work: wages"
    assert found.cluster_auc == {"faith: prayer": 1, "work: wages": 0.5}
    assert found.balanced_accuracy == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert 0.5 < found.auc_interval[0] < found.auc < found.auc_interval[1]


def test_unparsed_outputs_are_counted():
    found = check_judge(Oracle(parsed=False), make_pool(), TOOLS, seed=0)
    assert found.unparsed == 1
    assert found.auc == 0.5
    assert found.near_chance


def test_a_check_goes_into_json():
    record = json.loads(json.dumps(asdict(check_judge(given(EmbeddingJudge()), make_pool(), TOOLS, seed=0))))
    assert record["near_chance"] is False
    assert record["auc"] == 1


@pytest.mark.parametrize("bad", [{"related_cut": 0.99}, {"related_cut": 0.0}, {"margin": 1.9}])
def test_thresholds_are_fitted_and_what_needs_no_change_stays(bad):
    pool, judge = make_pool(), given(EmbeddingJudge(**bad))
    fitted = fit_thresholds(judge, pool, TOOLS)
    assert check_judge(judge, pool, TOOLS, 0).accuracy < 0.7
    assert check_judge(fitted, pool, TOOLS, 0).accuracy > 0.9
    assert fitted.question_weight == judge.question_weight


def test_a_margin_that_costs_nothing_is_kept():
    assert fit_thresholds(given(EmbeddingJudge(margin=0.01)), make_pool(), TOOLS).margin == 0.01


def test_a_judge_without_thresholds_comes_back():
    assert fit_thresholds(Oracle(), make_pool(), TOOLS) == Oracle()


def test_one_cluster_or_one_sided_norms_can_not_check_a_judge():
    pool = make_pool()
    with pytest.raises(AlignbenchError, match="two clusters"):
        check_judge(Oracle(), replace(pool, norms=pool.norms[:4], concepts=pool.concepts[:4]), TOOLS, 0)
    with pytest.raises(AlignbenchError, match="opposite"):
        check_judge(Oracle(), replace(pool, norms=tuple(replace(n, opposite=None) for n in pool.norms)), TOOLS, 0)

import math

import pytest

from alignbench.backend.options import contexts, leaves, scores


def test_single_tokens_need_only_the_prompt():
    wanted = contexts([(5,), (7,), (5,)])
    assert wanted == {(): [5, 7]}
    assert leaves(wanted) == [()]


def test_shared_beginnings_are_looked_up_once():
    wanted = contexts([(1,), (1, 2, 3), (1, 2, 4), (9, 8)])
    assert wanted == {(): [1, 9], (1,): [2], (1, 2): [3, 4], (9,): [8]}
    assert leaves(wanted) == [(1, 2), (9,)]


def test_scores_follow_the_chain_rule_and_mass_counts_first_tokens_once():
    table = {(): {1: math.log(0.5), 9: math.log(0.25)}, (1,): {2: math.log(0.1)}}
    found = scores([(1,), (1, 2), (9,)], table)
    assert found.logprobs == pytest.approx([math.log(0.5), math.log(0.05), math.log(0.25)])
    assert found.mass == pytest.approx(0.75)

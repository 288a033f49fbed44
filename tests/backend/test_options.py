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
    found = scores([(1, 2), (9,)], table)
    assert found.logprobs == pytest.approx([math.log(0.05), math.log(0.25)])
    assert found.mass == pytest.approx(0.75)


def test_an_option_that_begins_another_gets_what_is_left_of_it():
    """ "1", "10", "100" and "11" in digits: what is said is one of them, so their probabilities add up."""
    one, zero = 1, 0
    table = {
        (): {one: math.log(0.8)},
        (one,): {zero: math.log(0.5), one: math.log(0.25)},
        (one, zero): {zero: math.log(0.5)},
    }
    found = scores([(one,), (one, zero), (one, zero, zero), (one, one)], table)
    assert [math.exp(p) for p in found.logprobs] == pytest.approx([0.2, 0.2, 0.2, 0.2])


def test_a_model_that_always_says_ten_never_says_one():
    table = {(): {1: 0.0}, (1,): {0: 0.0}}
    one, ten = scores([(1,), (1, 0)], table).logprobs
    assert math.exp(one) == pytest.approx(0, abs=1e-12)
    assert ten == 0

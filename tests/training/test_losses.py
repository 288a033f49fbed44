"""The pure functions behind one-token training, on hand-made distributions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from alignbench.errors import AlignbenchError
from alignbench.training import Training
from alignbench.training.losses import (
    OptionBatch,
    Outcome,
    advantages,
    distribution_sft,
    divergence_among_options,
    draw,
    normalised_entropy,
    option_dpo,
    option_grpo,
    wasserstein_among_options,
    with_other,
)

TRAINING = Training(scale_rewards="none", option_generations=4000)


def batch(logits: torch.Tensor, target: list[list[float]], training: Training = TRAINING, **more) -> OptionBatch:
    """Options are the tokens 1, 2, 3 of a vocabulary of 6; a target of zero marks an option not shown."""
    goal = torch.tensor(target)
    defaults = {"rewards": None, "reference": None}
    return OptionBatch(
        logp=logits.log_softmax(1), labels=torch.tensor([[1, 2, 3]] * len(goal)), shown=goal > 0, target=goal,
        generators=[torch.Generator().manual_seed(i) for i in range(len(goal))], training=training, **(defaults | more),
    )  # fmt: skip


def at(shares: list[float], mass: float = 0.9) -> torch.Tensor:
    """Logits under which the three options have ``shares`` of ``mass``."""
    rest = [(1 - mass) / 3] * 3
    return torch.tensor([[rest[0], *(s * mass for s in shares), *rest[1:]]]).clamp(min=1e-9).log().requires_grad_()


def test_sft_is_the_cross_entropy_and_ignores_options_not_shown() -> None:
    loss = distribution_sft(batch(at([0.5, 0.5, 0.0], 1.0), [[0.25, 0.75, 0.0]])).loss
    assert loss.tolist() == pytest.approx([0.6931], abs=1e-3)


PEOPLE, MODEL = [0.5, 0.3, 0.2], [0.2, 0.2, 0.6]


def dpo(policy: torch.Tensor, target: list[float], beta: float = 1.0) -> Outcome:
    return option_dpo(batch(policy, [target], reference=at(MODEL).detach().log_softmax(1)), beta)


@pytest.mark.parametrize(("beta", "best"), [(1.0, PEOPLE), (0.5, [0.2 * 6.25, 0.2 * 2.25, 0.6 / 9])])
def test_dpo_is_least_at_the_model_times_a_power_of_the_odds(beta: float, best: list[float]) -> None:
    best = [share / sum(best) for share in best]
    there = at(best)
    dpo(there, PEOPLE, beta).loss.sum().backward()
    assert there.grad.abs().max() < 1e-6
    elsewhere = at(MODEL)
    found = dpo(elsewhere, PEOPLE, beta)
    assert found.loss.item() > dpo(at(best), PEOPLE, beta).loss.item() + 0.01
    found.loss.sum().backward()
    assert elsewhere.grad[0, 1] < 0 < elsewhere.grad[0, 3]


def test_dpo_is_the_mean_over_pairs_that_are_drawn() -> None:
    rng, policy = np.random.default_rng(0), at([0.4, 0.4, 0.2])
    ratio = np.log([2.0, 2.0, 1 / 3])
    chosen, rejected = (rng.choice(3, 400_000, p=shares) for shares in (PEOPLE, MODEL))
    apart = chosen != rejected
    margins = 0.7 * (ratio[chosen] - ratio[rejected])
    found = dpo(policy, PEOPLE, 0.7)
    assert found.loss.item() == pytest.approx(float((np.log1p(np.exp(-margins)) * apart).mean()), abs=2e-3)
    assert found.figures["pairs"].item() == pytest.approx(apart.mean(), abs=2e-3)
    accuracy = (margins > 0)[apart].mean()
    assert found.figures["reward_accuracy"].item() == pytest.approx(float(accuracy), abs=5e-3)


def test_dpo_leaves_what_is_no_option_alone_and_wants_the_untrained_model() -> None:
    shown = dpo(at([0.2, 0.8, 0.0], 1.0), [0.5, 0.5, 0.0])
    one = dpo(at([0.2, 0.8, 0.0], 0.5), [0.5, 0.5, 0.0])
    assert shown.loss.item() == pytest.approx(one.loss.item(), abs=1e-6)
    certain = option_dpo(batch(at([1.0, 0.0, 0.0], 1.0), [[1.0, 0.0, 0.0]], reference=at(MODEL).detach()), 1.0)
    assert certain.loss.item() == 0 and certain.figures["reward_accuracy"].isfinite().all()
    with pytest.raises(ValueError, match="reference=True"):
        option_dpo(batch(at(PEOPLE), [PEOPLE]), 1.0)


def test_draws_follow_the_softmax_and_the_generator() -> None:
    logq = with_other(batch(at([0.5, 0.3, 0.2]), [[0.4, 0.3, 0.3]]).options).detach()
    choices = draw(logq, 20_000, [torch.Generator().manual_seed(1)])
    assert choices.equal(draw(logq, 20_000, [torch.Generator().manual_seed(1)]))
    shares = torch.bincount(choices[0], minlength=4) / 20_000
    assert shares.tolist() == pytest.approx([0.45, 0.27, 0.18, 0.1], abs=0.01)


def test_density_reward_rests_at_the_target_and_majority_reward_does_not() -> None:
    target = [[0.5, 0.3, 0.2]]
    rewards = torch.tensor([[1.0, -1.0, -1.0]])
    slopes = {}
    for density, given in ((True, None), (False, rewards)):
        logits = at(target[0], 0.9999)
        option_grpo(batch(logits, target, rewards=given), density=density).loss.sum().backward()
        slopes[density] = float(logits.grad[0, 1])
    assert abs(slopes[True]) < 0.01
    assert slopes[False] < -0.3  # descent raises the majority option further


def test_a_reply_that_is_no_option_earns_the_fixed_reward() -> None:
    outcome = option_grpo(batch(at([0.4, 0.3, 0.3], 0.0001), [[0.4, 0.3, 0.3]]))
    assert float(outcome.figures["reward"]) == pytest.approx(TRAINING.invalid_reward, abs=0.1)


def test_equal_rewards_are_reported_as_zero_variance() -> None:
    rewards = torch.full((1, 3), TRAINING.invalid_reward)
    outcome = option_grpo(batch(at([0.4, 0.3, 0.3]), [[0.4, 0.3, 0.3]], rewards=rewards), density=False)
    assert float(outcome.figures["zero_variance_share"]) == 1
    assert float(outcome.loss.detach().abs().sum()) == pytest.approx(0, abs=1e-6)


def test_advantages_are_centred_scaled_on_request_and_bounded() -> None:
    earned = torch.tensor([[0.0, 2.0, 4.0, 100.0]])
    assert advantages(earned, TRAINING).tolist() == [[-5.0, -5.0, -5.0, 5.0]]
    scaled = advantages(earned, replace(TRAINING, scale_rewards="group"))
    assert float(scaled.mean()) == pytest.approx(0, abs=1e-5)
    assert float(scaled.std()) == pytest.approx(1, abs=1e-3)
    with pytest.raises(AlignbenchError, match="scale_rewards"):
        option_grpo(batch(at([0.4, 0.3, 0.3]), [[0.4, 0.3, 0.3]], replace(TRAINING, scale_rewards="batch")))


def test_kl_is_zero_at_the_reference_and_charged_away_from_it() -> None:
    logits, target = at([0.4, 0.3, 0.3]), [[0.4, 0.3, 0.3]]
    charged = replace(TRAINING, kl_beta=2.0)
    here = option_grpo(batch(logits, target, charged, reference=logits.log_softmax(1)))
    away = option_grpo(batch(logits, target, charged, reference=at([0.1, 0.1, 0.8]).log_softmax(1)))
    assert float(here.figures["kl"].detach()) == pytest.approx(0, abs=1e-6)
    kl = float(away.figures["kl"].detach())
    assert kl > 0.1
    assert float((away.loss - here.loss).detach()) == pytest.approx(2 * kl, rel=1e-3)


def test_entropy_is_one_for_uniform_options_of_any_number() -> None:
    options = torch.tensor([[-2.0, -2.0, -2.0], [-1.0, -1.0, float("-inf")], [-9.0, 0.0, float("-inf")]])
    assert normalised_entropy(options).tolist() == pytest.approx([1, 1, 0.0018], abs=1e-3)


def test_the_divergence_among_options_leaves_other_tokens_out() -> None:
    for mass in (0.9, 0.3):
        found = divergence_among_options(batch(at([0.5, 0.5, 0.0], mass), [[0.25, 0.75, 0.0]])).loss
        expected = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
        assert found.item() == pytest.approx(expected, abs=1e-5)
    assert divergence_among_options(batch(at([0.2, 0.3, 0.5]), [[0.2, 0.3, 0.5]])).loss.item() == pytest.approx(
        0, abs=1e-6
    )


def test_the_wasserstein_distance_counts_steps_of_the_whole_scale_either_way_round() -> None:
    one, other = [0.7, 0.2, 0.1], [0.1, 0.3, 0.6]
    # Of all answers .6 and then .5 must pass a step; the scale has two.
    for model, people in ((one, other), (one[::-1], other[::-1])):
        assert wasserstein_among_options(batch(at(model, 0.5), [people])).loss.item() == pytest.approx(0.55, abs=1e-5)
    two = wasserstein_among_options(batch(at([0.9, 0.1, 0.0]), [[0.4, 0.6, 0.0]])).loss
    assert two.item() == pytest.approx(0.5, abs=1e-4), "an option that is not shown is no step"


@pytest.mark.parametrize("loss", [divergence_among_options, wasserstein_among_options])
def test_descent_on_either_reaches_the_people(loss) -> None:
    logits = torch.tensor([[0.0, 2.0, 0.0, -1.0, 0.5, 0.0]], requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.02)
    for _ in range(600):
        optimizer.zero_grad()
        loss(batch(logits, [[0.2, 0.3, 0.5]])).loss.mean().backward()
        assert torch.isfinite(logits.grad).all()
        optimizer.step()
    reached = logits[0, 1:4].softmax(0)
    assert reached.tolist() == pytest.approx([0.2, 0.3, 0.5], abs=0.03)

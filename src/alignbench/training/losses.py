"""Losses of one-token answers: functions of the log-probabilities at the last prompt position.

An answer is one token, so a whole GRPO group can be drawn from one softmax and no text is generated.
Every reply that is not an option is the same to the reward; all such tokens form one category,
"other", with the probability that the options leave. Averaging over the tokens of that category is
exact and only lowers the variance of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alignbench.training.recipe import Training
from alignbench.types import one_of

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True)
class OptionBatch:
    """B prompts with at most K options, over a vocabulary of V tokens.

    Attributes:
        logp: log-probabilities of the next token, (B, V), with gradient.
        labels: token ids of the options, (B, K); arbitrary where ``shown`` is False.
        shown: which of the K columns are options of the row, (B, K).
        target: the distribution to reach, (B, K), zero where not shown.
        rewards: reward of each option, (B, K); None means log of the target.
        reference: log-probabilities of the untrained model, (B, V), where the loss or ``training.kl_beta`` wants them.
        generators: one per row (on CPU), so that draws do not depend on the micro-batch.
    """

    logp: Tensor
    labels: Tensor
    shown: Tensor
    target: Tensor
    rewards: Tensor | None
    reference: Tensor | None
    generators: Sequence[Generator]
    training: Training

    @property
    def options(self) -> Tensor:
        """Log-probabilities of the options, (B, K); minus infinity where not shown."""
        return self.of_options(self.logp)

    def of_options(self, logp: Tensor) -> Tensor:
        """Of log-probabilities over the vocabulary, (B, V), those of the options, as :attr:`options`."""
        return logp.gather(1, self.labels).masked_fill(~self.shown, float("-inf"))


@dataclass(frozen=True)
class Outcome:
    """Loss per row (B,), and figures per row (B,) for the history."""

    loss: Tensor
    figures: dict[str, Tensor] = field(default_factory=dict)


OptionLoss = Callable[[OptionBatch], Outcome]


def distribution_sft(batch: OptionBatch) -> Outcome:
    """Cross-entropy of the answer token against the target distribution (soft labels; Cao et al. 2025)."""
    return Outcome(-(batch.target * batch.options.masked_fill(~batch.shown, 0.0)).sum(1))


def divergence_among_options(batch: OptionBatch) -> Outcome:
    """KL(target || model) in nats, of the options among themselves: the mass of other tokens is no part of it.

    Source: SubPOP (Suh et al. 2025).
    """
    import torch

    own = batch.options.log_softmax(1).masked_fill(~batch.shown, 0.0)
    return Outcome((torch.xlogy(batch.target, batch.target) - batch.target * own).sum(1))


def wasserstein_among_options(batch: OptionBatch) -> Outcome:
    """First Wasserstein distance of target and model over options one step apart, as a share of the whole scale.

    Options must be shown in the order of their codes, or in its reverse. Source: SubPOP (Suh et al. 2025).
    """
    ahead = (batch.options.softmax(1) - batch.target).cumsum(1).abs().masked_fill(~batch.shown, 0.0)
    return Outcome(ahead.sum(1) / (batch.shown.sum(1) - 1))


def smoothed_sft(batch: OptionBatch, smoothing: float) -> Outcome:
    """:func:`distribution_sft` with label smoothing (Szegedy et al. 2016): a share of the target is uniform.

    Args:
        smoothing: the share that is spread over the whole vocabulary.
    """
    uniform = -batch.logp.mean(1)
    return Outcome((1 - smoothing) * distribution_sft(batch).loss + smoothing * uniform)


def option_dpo(batch: OptionBatch, beta: float) -> Outcome:
    """Direct preference optimisation (Rafailov et al. 2023), the mean over all pairs of answers that could be drawn.

    A pair is an answer drawn by the target and one drawn by the untrained model among the options; a pair of equal
    answers teaches nothing. Each pair weighs what its draw would weigh, so none is drawn.

    Args:
        beta: weight of the log-ratios of policy and untrained model.

    Raises:
        ValueError: the batch holds no log-probabilities of the untrained model.
    """
    import torch

    if batch.reference is None:
        raise ValueError("DPO compares with the untrained model: reference=True")
    before = batch.of_options(batch.reference)
    drawn = batch.target[:, :, None] * before.softmax(1)[:, None, :]
    drawn = drawn - torch.diag_embed(torch.diagonal(drawn, dim1=1, dim2=2))
    ratios = (batch.options - before).masked_fill(~batch.shown, 0.0)
    margins = ratios[:, :, None] - ratios[:, None, :]
    loss = -(drawn * torch.nn.functional.logsigmoid(beta * margins)).sum((1, 2))
    apart = drawn.sum((1, 2))
    return Outcome(
        loss, {"pairs": apart, "reward_accuracy": (drawn * (margins > 0)).sum((1, 2)) / apart.clamp_min(1e-6)}
    )


def option_grpo(batch: OptionBatch, density: bool = True) -> Outcome:
    """GRPO on exact draws: policy gradient with the group's mean as baseline.

    Args:
        density: subtract the policy's own log-probability from the reward of an option. Its optimum
            is the rewarded *distribution*, where the plain reward has a one-hot optimum. (Our choice,
            after KL-regularised control: maximise the expectation of log target minus log policy.)

    Draws come from the policy as it stands, so the importance ratio is 1 and clipping is idle. A reply
    that is no option earns ``training.invalid_reward``, without the density term: paid by density, the
    mass would leak to the rest of the vocabulary.
    """
    training = batch.training
    one_of("training.scale_rewards", training.scale_rewards, ("group", "none"))
    logq = with_other(batch.options)
    choices = draw(logq.detach(), training.option_generations, batch.generators)
    earned = reward_table(batch, logq.detach(), density).gather(1, choices)
    loss = -(advantages(earned, training) * logq.gather(1, choices)).mean(1)
    figures = {"reward": earned.mean(1), "zero_variance_share": (earned.std(1) < 1e-6).float()}
    if batch.reference is not None:
        figures["kl"] = (batch.logp.exp() * (batch.logp - batch.reference)).sum(1)
        loss = loss + training.kl_beta * figures["kl"]
    return Outcome(loss, figures)


def with_other(options: Tensor) -> Tensor:
    """Log-probabilities (B, K + 1): the options, then everything else together."""
    import torch

    rest = (1 - options.exp().sum(1, keepdim=True)).clamp(min=1e-8)
    return torch.cat([options, rest.log()], dim=1)


def draw(logq: Tensor, generations: int, generators: Sequence[Generator]) -> Tensor:
    """Categories of ``generations`` answers a row, (B, G); row i uses ``generators[i]``."""
    import torch

    shares = logq.exp().cpu()
    rows = [
        torch.multinomial(row, generations, replacement=True, generator=generator)
        for row, generator in zip(shares, generators, strict=True)
    ]
    return torch.stack(rows).to(logq.device)


def reward_table(batch: OptionBatch, logq: Tensor, density: bool) -> Tensor:
    """Reward of each category, (B, K + 1)."""
    import torch

    floor = batch.training.probability_floor
    paid = batch.target.clamp(min=floor).log() if batch.rewards is None else batch.rewards
    if density:
        paid = paid - logq[:, :-1]
    return torch.cat([paid, torch.full_like(logq[:, -1:], batch.training.invalid_reward)], dim=1)


def advantages(earned: Tensor, training: Training) -> Tensor:
    """Rewards (B, G) minus their group's mean, scaled if ``scale_rewards`` is group, and bounded."""
    centred = earned - earned.mean(1, keepdim=True)
    if training.scale_rewards == "group":
        centred = centred / (earned.std(1, keepdim=True) + 1e-4)
    return centred.clamp(-training.advantage_clip, training.advantage_clip)


def normalised_entropy(options: Tensor) -> Tensor:
    """Entropy of the renormalised options (B,), 1 for the uniform distribution."""
    logp = options.log_softmax(1)
    entropy = -(logp.exp() * logp.masked_fill(logp.isinf(), 0.0)).sum(1)
    count: Tensor = (~options.isinf()).sum(1)
    return entropy / count.log()

"""Group distributional preference optimisation (Yao et al., ICLR 2025, arXiv 2412.20299), on top of DPO.

A reply is a belief, here the label of an option, and an opinion that goes with it. Two losses are added with equal
weights: KL(group's beliefs || the model's), by the next-token distribution after the prompt; and DPO on two opinions
after the same belief, of whose tokens neither the policy nor the reference is rated on the belief's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alignbench import ranks
from alignbench.backend.render import Renderer
from alignbench.training.dpo import PreferenceRow, example, train_on_pairs
from alignbench.training.recipe import Training
from alignbench.training.rows import EncodedQuestion, OptionRow, encode, last_logprobs
from alignbench.training.selection import Job
from alignbench.types import check

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class BeliefRow:
    """A question, a belief, and two opinions to utter after it.

    Attributes:
        question: its options are the beliefs, its target the group's distribution over them.
        belief: one of its options, which ``chosen`` goes with and ``rejected`` does not.
    """

    question: OptionRow
    belief: str
    chosen: str
    rejected: str

    @property
    def pair(self) -> PreferenceRow:
        """Both replies whole."""
        chosen, rejected = (f"{self.belief}. {opinion}" for opinion in (self.chosen, self.rejected))
        return PreferenceRow(self.question.chat, chosen, rejected)


def train_gdpo(job: Job, rows: Sequence[BeliefRow], beta: float) -> dict[str, Any]:
    """Calibrate the beliefs and prefer the chosen opinions; the facts of the training.

    Raises:
        AlignbenchError: a label is no token of its own, several processes train together, or what
            :func:`~alignbench.training.dpo.train_dpo` refuses.
    """
    remedy = "the loss on beliefs is computed by one process: run this training on one"
    check(ranks.world() == 1, "number of processes", ranks.world(), remedy)
    training = job.training
    asked: dict[tuple[int, ...], tuple[EncodedQuestion, tuple[float, ...]]] = {}
    examples = []
    for row in rows:
        question = encode(job.renderer, row.question.chat, row.question.options, training)
        asked[question.ids] = question, row.question.target
        examples.append(_after_belief(job.renderer, row, question, training))

    def calibration(network: Any, prompts: list[tuple[int, ...]]) -> Tensor:
        """The divergence at the prompts, whose last token is the belief and is left off."""
        found = [asked[prompt[:-1]] for prompt in prompts]
        logp = last_logprobs(network, [question for question, _ in found], training.bfloat16)
        kept = [(logp[i, list(question.labels)], target) for i, (question, target) in enumerate(found)]
        return divergence([own for own, _ in kept], [target for _, target in kept])

    return train_on_pairs(job, examples, beta, calibration)


def divergence(logp: Sequence[Tensor], targets: Sequence[Sequence[float]]) -> Tensor:
    """Mean of KL(target || exp(logp)) over rows in nats; mass that the model leaves to other tokens counts as lost.

    Args:
        logp: of each row the log-probabilities of its options, shape (K,).
    """
    import torch

    terms = []
    for own, target in zip(logp, targets, strict=True):
        shares = own.new_tensor(target)
        terms.append((torch.xlogy(shares, shares) - shares * own).sum())
    return torch.stack(terms).mean()


def _after_belief(
    renderer: Renderer, row: BeliefRow, question: EncodedQuestion, training: Training
) -> dict[str, list[int]]:
    """Token ids of the pair with the belief as the end of the prompt."""
    pair = example(renderer, row.pair, training)
    before = [*question.ids, question.labels[row.question.options.index(row.belief)]]
    told, found = len(before) - len(pair["prompt_ids"]), {"prompt_ids": before}
    for name in ("chosen_ids", "rejected_ids"):
        separate = pair["prompt_ids"] + pair[name][:told] == before
        check(separate, "option label", row.belief, "the label is not a separate token before a text: use digits")
        found[name] = pair[name][told:]
    return found

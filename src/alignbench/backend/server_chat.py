"""The engine of a model that is known by address and name alone: chats for generation, and for scores too."""

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from alignbench.backend.server import Server, ServerEngine
from alignbench.backend.server_calls import Body
from alignbench.backend.server_client import Failure
from alignbench.backend.server_forms import messages, require_logs
from alignbench.errors import AlignbenchError
from alignbench.types import Chat, ModelRef, OptionScores, Sampling, check

# (text, natural log-probability) of the likeliest next tokens.
Top = Sequence[tuple[str, float]]


class ChatEngine(ServerEngine):
    """See :class:`~alignbench.backend.Engine`. No folder, no tokenizer: scores are read off the likeliest tokens.

    Args:
        knobs: of the server; ``served_model`` names the model.
        top: how many of the likeliest next tokens are asked for.
    """

    def __init__(self, knobs: Server, top: int) -> None:
        name = knobs.served_model
        # All that is known of the weights.
        known = hashlib.sha256(f"{knobs.base_url.rstrip('/')} {name}".encode()).hexdigest()[:16]
        super().__init__(ModelRef(name, Path(), known, dtype="unknown"), knobs)
        self._top_count = top

    def score(
        self, chats: Sequence[Chat], options: Sequence[Sequence[str]], adapter: Path | None = None
    ) -> list[OptionScores]:
        """One request a chat; see :func:`label_scores` for what becomes of it. Options must be short labels.

        Raises:
            AlignbenchError: the server does not give the likeliest next tokens, or fewer of them than there are labels.
        """
        name = self._served(adapter)
        most, remedy = max(map(len, options), default=0), "ask for more of the likeliest tokens, or weigh fewer labels"
        check(most <= self._top_count, "top_logprobs", self._top_count, f"{most} labels are to be weighed: {remedy}")
        bodies: list[Body] = [
            {
                "model": name,
                "messages": messages(chat),
                self._limit: 1,
                **self._plain,
                "logprobs": True,
                "top_logprobs": self._top_count,
            }
            for chat in chats
        ]
        tops = self._asked(bodies, self._top, "score", adapter)
        return [label_scores(top, labels) for top, labels in zip(tops, options, strict=True)]

    def _put(self, chat: Chat) -> Body:
        return {"messages": messages(chat)}

    @property
    def _own(self) -> Body:
        """Nothing: there is no tokenizer here."""
        return {}

    def _reading(self, chats: Sequence[Chat], sampling: Sampling) -> Callable[[Any, Body], str]:
        return self._text

    def _top(self, reply: Any, _: Body) -> Top:
        choice = reply["choices"][0]
        try:
            top = [(str(t["token"]), float(t["logprob"])) for t in choice["logprobs"]["content"][0]["top_logprobs"]]
        except (KeyError, IndexError, TypeError, ValueError):
            top = []
        if not top:
            raise self._unscorable("its replies hold no top_logprobs")
        require_logs((logprob for _, logprob in top), self._unscorable)
        return top

    def _explain(self, failure: Failure) -> AlignbenchError | None:
        if failure.status in (400, 422) and "logprobs" in failure.reason:
            return self._unscorable(failure.reason)
        return super()._explain(failure)

    def _unscorable(self, reason: str) -> AlignbenchError:
        remedy = (
            f"cannot weigh labels ({reason}): it can write, but not give verdicts; let another model be the critic, "
            "with weights here (generator@critic=other, or base) or on a server that gives top_logprobs"
        )
        return AlignbenchError("backend", self._knobs.base_url, remedy)


def label_scores(top: Top, labels: Sequence[str]) -> OptionScores:
    """Log-probabilities of labels as far as the likeliest next tokens tell.

    A token counts for the label that it is, blanks aside, or else for the only label that it begins; so labels
    should differ in their first letters. A label that no token counts for gets the floor, the most that a token
    outside the list can have: no more than the least likely one on it, and no more than what they all leave over.
    Where all labels get it, the mass is 0. Our choice throughout.
    """
    shares = dict.fromkeys(labels, 0.0)
    for token, logprob in top:
        label = _meant(token.strip(), labels)
        if label is not None:
            shares[label] += math.exp(logprob)
    left = 1 - sum(math.exp(logprob) for _, logprob in top)
    floor = min([math.log(max(left, 1e-12)), *(logprob for _, logprob in top)])
    logprobs = tuple(math.log(shares[label]) if shares[label] > 0 else floor for label in labels)
    return OptionScores(logprobs, min(sum(shares.values()), 1.0))


def _meant(token: str, labels: Sequence[str]) -> str | None:
    if token in labels:
        return token
    begun = [label for label in labels if token and label.startswith(token)]
    return begun[0] if len(begun) == 1 else None

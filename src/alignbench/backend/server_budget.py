"""What may be spent on a server, by all processes together: an account on the disk, from which a request is paid first.

The most that a request can cost is taken from the account before it is sent, and what it did not use is put back when
its reply has come. So no number of requests at once can go beyond the budget, and one that was under way when its
process was killed stays paid, as the server will have it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Event
from typing import Any

from filelock import FileLock

from alignbench.backend import Usage
from alignbench.errors import AlignbenchError
from alignbench.files import write_text
from alignbench.types import check

# Tokens that a chat template may add to a message, and seconds between two looks at the account. Our choice.
_TEMPLATE, _POLL = 32, 0.5


@dataclass(frozen=True)
class Cost:
    """Tokens of prompts and of answers."""

    prompt: int = 0
    answer: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.prompt + other.prompt, self.answer + other.answer)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.prompt - other.prompt, self.answer - other.answer)

    def at(self, price: tuple[float, float]) -> float:
        """What it comes to, at the prices of a token of (prompt, answer)."""
        return self.prompt * price[0] + self.answer * price[1]

    @classmethod
    def most(cls, body: Mapping[str, Any]) -> Cost:
        """More than a request can use: a token has at least one byte, and an answer has its bound."""
        asked = body.get("prompt", body.get("messages"))
        by_ids = isinstance(asked, list) and all(isinstance(one, int) for one in asked)
        texts = [] if by_ids else [str(one.get("content")) for one in asked or ()]
        prompt = len(asked or ()) if by_ids else sum(len(text.encode()) + _TEMPLATE for text in texts)
        return cls(prompt, int(body.get("max_tokens") or body.get("max_completion_tokens") or 0))

    @classmethod
    def told(cls, reply: Mapping[str, Any]) -> Cost | None:
        """What the server says that a reply used; None where it says nothing.

        Raises:
            ValueError: it says something that is no number of tokens.
        """
        used = reply.get("usage")
        if used is None:
            return None
        if not isinstance(used, Mapping):
            raise ValueError("usage is no object")
        counts = [used.get(name) for name in ("prompt_tokens", "completion_tokens")]
        if any(isinstance(n, bool) or not (n is None or (isinstance(n, int) and n >= 0)) for n in counts):
            raise ValueError("usage is no number of tokens")
        return None if counts[0] is None else cls(counts[0], counts[1] or 0)


@dataclass
class Budget:
    """What all processes may spend on one model of one server, and what this engine has spent. Zero is no limit.

    Attributes:
        tokens: of prompts and answers together.
        usd: US dollars, by ``prices``.
        prices: US dollars a token of (prompt, answer).
        account: file of what was spent so far, by whichever process; not touched where there is no limit.
        whose: server and model, for a reader of that file.
    """

    tokens: int
    usd: float
    prices: tuple[float, float]
    usage: Usage
    account: Path
    whose: str
    _free: Condition = field(default_factory=Condition)
    _under_way: int = 0

    def pay(self, most: Cost, stop: Event) -> None:
        """Take the most that a request can cost; where too little is left, wait for those under way.

        Raises:
            AlignbenchError: too little is left.
        """
        with self._free:
            while self._limited and (short := self._short_of(most)) is not None:
                if not self._under_way or stop.is_set():
                    raise short
                self._free.wait(_POLL)
            self._under_way += 1

    def settle(self, paid: Cost, used: Cost | None) -> None:
        """Put back what a request did not use; one that brought no reply, or no count of it, used nothing."""
        used = used or Cost()
        with self._free:
            self._under_way -= 1
            self.usage.prompt_tokens += used.prompt
            self.usage.generated_tokens += used.answer
            if self._limited:
                with self._opened() as spent:
                    self._write(spent + used - paid)
            self._free.notify_all()

    def require_counts(self, used: Cost | None) -> None:
        """Refuse a server that does not say what a reply used, where there is a limit."""
        knob, limit = ("budget_tokens", self.tokens) if self.tokens else ("budget_usd", self.usd)
        remedy = "this server does not say what a reply used, so no budget can be kept: set it to 0"
        check(not self._limited or used is not None, f"backend.{knob}", limit, remedy)

    @property
    def _limited(self) -> bool:
        return bool(self.tokens or self.usd)

    def _short_of(self, most: Cost) -> AlignbenchError | None:
        """Take it; or, where it would go beyond a limit, take nothing and say so."""
        with self._opened() as spent:
            for knob, limit, price in (("tokens", self.tokens, (1.0, 1.0)), ("usd", self.usd, self.prices)):
                before, more = spent.at(price), most.at(price)
                if limit and before + more > limit:
                    remedy = (
                        f"{before:.6g} is spent by all processes, and the next request may take up to {more:.6g}; the "
                        "replies are kept, so the same run goes on from here: raise the budget, or delete "
                        f"{self.account} to begin a new account"
                    )
                    return AlignbenchError(f"backend.budget_{knob}", limit, remedy)
            self._write(spent + most)
        return None

    @contextmanager
    def _opened(self) -> Iterator[Cost]:
        """What was spent so far, while no other process may change it."""
        self.account.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.account.with_suffix(".lock")):
            yield self._read()

    def _read(self) -> Cost:
        try:
            held = json.loads(self.account.read_text(encoding="utf-8"))
            return Cost(int(held["prompt_tokens"]), int(held["generated_tokens"]))
        except FileNotFoundError:
            return Cost()
        except (ValueError, KeyError, TypeError):
            remedy = "nothing can be read from it of what was spent: correct it, or delete it to begin a new account"
            raise AlignbenchError("backend.budget", str(self.account), remedy) from None

    def _write(self, spent: Cost) -> None:
        held = {"of": self.whose, "prompt_tokens": spent.prompt, "generated_tokens": spent.answer}
        write_text(self.account, json.dumps(held, indent=1) + "\n")

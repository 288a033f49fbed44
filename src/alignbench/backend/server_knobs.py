"""Knobs of ``backend=server``."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from alignbench.backend import cache as caches
from alignbench.component import Component, Count, Maybe, NotNegative, Positive, recorded
from alignbench.types import check

_PRICES = ("usd_per_million_prompt", "usd_per_million_completion")


@dataclass(frozen=True)
class ServerKnobs(Component):
    """Where the server is, or how to start one; how hard it is asked; what may be spent."""

    # Address with its version, as OpenAI's clients want it; not read where start=true.
    base_url: str = recorded("http://localhost:8000/v1")
    # Name of the environment variable that holds the key; empty: no key is sent.
    key_env: str = recorded("")
    # What the server calls the model; empty: the model's name here.
    served_model: str = ""
    # Bound the length of a reply by `max_completion_tokens`, for servers that refuse `max_tokens`.
    max_completion_tokens: bool = recorded(False)
    # Requests under way at once.
    concurrency: Count = recorded(16)
    # For one reply.
    timeout_s: Positive = recorded(120.0)
    # On 429, 5xx, timeouts and broken connections; the wait before them starts with backoff_s and doubles.
    retries: Maybe = recorded(5)
    backoff_s: NotNegative = recorded(1.0)
    # Most that one engine may spend, prompts and answers together; 0 is no limit. Replies in the cache are free.
    budget_tokens: Maybe = recorded(0)
    budget_usd: NotNegative = recorded(0.0)
    # Prices; 0 is unknown.
    usd_per_million_prompt: NotNegative = recorded(0.0)
    usd_per_million_completion: NotNegative = recorded(0.0)
    # Folder of replies and of started servers; empty: beside the converted models.
    cache: str = recorded("")
    # Start `vllm serve` on the model's folder; processes of one machine share it, the last one stops it.
    start: bool = recorded(False)
    # The vLLM to start: a name or a path, so that it may live in an environment of its own.
    command: str = recorded("vllm")
    # More arguments of `vllm serve`.
    args: tuple[str, ...] = recorded(())
    # Largest LoRA rank that a started server takes; 0 is none, which is faster.
    max_lora_rank: Maybe = recorded(64)
    # Until a started server must be healthy.
    start_timeout_s: Positive = recorded(900.0)

    def _consistent(self) -> None:
        web = self.base_url.startswith(("http://", "https://"))
        check(web, "backend.base_url", self.base_url, "give an address like http://localhost:8000/v1")
        priced = all(getattr(self, price) > 0 for price in _PRICES)
        remedy = f"dollars cannot be counted without prices: set {' and '.join(f'backend.{p}' for p in _PRICES)}"
        check(priced or not self.budget_usd, "backend.budget_usd", self.budget_usd, remedy)

    @property
    def key(self) -> str:
        """The key itself."""
        return os.environ.get(self.key_env, "").strip() if self.key_env else ""

    @property
    def executable(self) -> str | None:
        """The vLLM to start: first beside this Python, then on the PATH."""
        beside = shutil.which(self.command, path=str(Path(sys.executable).parent))
        return beside or shutil.which(self.command)

    @property
    def folder(self) -> Path:
        """Folder of replies and of started servers."""
        return Path(self.cache).expanduser() if self.cache else caches.root() / "server"

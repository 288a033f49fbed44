"""A language model as author, apart from the model that uses the norms: CNCA's norm mining, on any model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alignbench.generator import Generator
from alignbench.generator.base import BaseModel
from alignbench.norms.author import Author, Evidence
from alignbench.tools import Tools
from alignbench.types import ModelRef, Sampling, chat, check

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent / "prompts"), undefined=StrictUndefined)
_NUMBER = re.compile(r"^\W*\d*[.):]?\W*")


@dataclass(frozen=True)
class LLMAuthor(Author):
    """Knobs of the writing model; greedy decoding. Sentences that do not begin with the subject get it."""

    # Who writes.
    generator: Generator = field(default_factory=partial(BaseModel, skip_failed=False))
    # Per norm.
    max_new_tokens: int = 48

    def __post_init__(self) -> None:
        tokens = self.max_new_tokens
        check(tokens > 0, "author.max_new_tokens", tokens, "give a positive number of tokens")

    def low_level(self, evidence: Sequence[Evidence], subject: str, tools: Tools) -> list[str]:
        """One sentence from the question and its answers."""
        prompts = [
            _prompt("low", question=k.item.question, subject=subject, answers=[k.item.predicates[i] for i in k.ranked])
            for k in evidence
        ]
        return [_lines(text, subject, 1)[0] for text in self._written(prompts, 1, tools)]

    def high_level(self, topic: str, norms: Sequence[str], count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` lines."""
        prompt = _prompt("high", topic=topic.replace("_", " "), norms=norms, count=count, subject=subject)
        return _lines(self._written([prompt], count, tools)[0], subject, count)

    def from_topic(self, topic: str, count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` lines."""
        prompt = _prompt("topic", topic=topic.replace("_", " "), count=count, subject=subject)
        return _lines(self._written([prompt], count, tools)[0], subject, count)

    def _written(self, prompts: Sequence[str], norms: int, tools: Tools) -> list[str]:
        engine = self.generator.open(tools)
        sampling = Sampling(max_new_tokens=norms * self.max_new_tokens)
        return [texts[0] for texts in engine.generate([chat(prompt) for prompt in prompts], sampling)]

    def identity(self, base: ModelRef) -> dict[str, Any]:
        """Its knobs, and the model that writes."""
        return {**self.parts, "generator": self.generator.identity(base)}

    @property
    def note(self) -> str:
        """Which model wrote."""
        return f"Norms were written by {self.generator.title}."


def _prompt(name: str, **values: object) -> str:
    return _TEMPLATES.get_template(f"{name}.jinja").render(**values).strip()


def _lines(text: str, subject: str, count: int) -> list[str]:
    """The first ``count`` lines that say something, numbering removed; the subject alone where none does."""
    lines = [_NUMBER.sub("", line).strip() for line in text.splitlines()]
    said = list(dict.fromkeys(line for line in lines if len(line.split()) > 2))[:count]
    return [line if line.startswith(subject) else f"{subject}: {line}" for line in said] or [f"{subject} differ."]

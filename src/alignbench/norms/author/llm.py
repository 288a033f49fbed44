"""A language model as author, apart from the model that uses the norms: CNCA's norm mining, on any model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from alignbench.component import Count, Share, recorded
from alignbench.generator import Generator
from alignbench.generator.base import BaseModel
from alignbench.norms.author import Author, Evidence
from alignbench.progress import say
from alignbench.store.stage import Tools
from alignbench.templates import rendered
from alignbench.types import Sampling, chat, check

_prompt = partial(rendered, Path(__file__).parent / "prompts")
_NUMBER = re.compile(r"^\W*\d*[.):]?\W*")
_WORD = re.compile(r"\w+")
# What is said of the subject, in words: "work hard" is two. Our choice.
_LEAST_WORDS = 2


@dataclass(frozen=True)
class LLMAuthor(Author):
    """Knobs of the writing model; greedy decoding. Sentences that do not begin with the subject get it."""

    # Who writes.
    generator: Generator = field(default_factory=BaseModel)
    # Per norm.
    max_new_tokens: Count = 48
    # Share of the items that need a norm which says something (ours); with fewer, nothing is built on the rest.
    least: Share = recorded(0.5)

    def low_level(self, evidence: Sequence[Evidence], subject: str, tools: Tools) -> list[str]:
        """One sentence from the question and its answers; empty where the model says nothing.

        Raises:
            AlignbenchError: fewer than ``least`` of them say something.
        """
        prompts = [
            _prompt("low", question=k.item.question, subject=subject, answers=[k.item.predicates[i] for i in k.ranked])
            for k in evidence
        ]
        written = ["".join(_lines(text, subject, 1)) for text in self._written(prompts, 1, tools)]
        account = f"norms: {sum(map(bool, written))} of {len(written)} say something"
        say(f"  {account}")
        remedy = "choose an author that can write (generator@author.generator=...), author=template, or a lower share"
        check(sum(map(bool, written)) >= self.least * len(written), "author.least", f"{self.least}; {account}", remedy)
        return written

    def high_level(self, topic: str, norms: Sequence[str], count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` lines."""
        return self._of_topic("high", topic, count, subject, tools, norms=norms)

    def from_topic(self, topic: str, count: int, subject: str, tools: Tools) -> list[str]:
        """At most ``count`` lines."""
        return self._of_topic("topic", topic, count, subject, tools)

    def _of_topic(self, name: str, topic: str, count: int, subject: str, tools: Tools, **values: object) -> list[str]:
        prompt = _prompt(name, topic=topic.replace("_", " "), count=count, subject=subject, **values)
        return _lines(self._written([prompt], count, tools)[0], subject, count)

    def _written(self, prompts: Sequence[str], norms: int, tools: Tools) -> list[str]:
        engine = self.generator.open(tools)
        sampling = Sampling(max_new_tokens=norms * self.max_new_tokens)
        return [texts[0] for texts in engine.generate([chat(prompt) for prompt in prompts], sampling)]

    @property
    def note(self) -> str:
        """Which model wrote."""
        return f"Norms were written by {self.generator.title}."


def _lines(text: str, subject: str, count: int) -> list[str]:
    """The first ``count`` lines that say something of the subject, numbering removed."""
    told = (_NUMBER.sub("", line).strip() for line in text.splitlines())
    said = dict.fromkeys(line for line in told if len(_WORD.findall(line.removeprefix(subject))) >= _LEAST_WORDS)
    return [line if line.startswith(subject) else f"{subject}: {line}" for line in said][:count]

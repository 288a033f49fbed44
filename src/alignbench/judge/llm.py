"""A language model as judge: CultureRL's reward model, on an engine of our own.

Source: CultureRL, step C (Zhao et al., AAAI 2026; there gpt-4o-mini at temperature 0). The prompt has
the same parts (role, objective, scale, clarifications, numbered rules, a last line to parse) in our
own wording. A small judge is weak: check it (stage judge_check) before paying by it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alignbench.component import Count
from alignbench.generator import Generator
from alignbench.generator.base import BaseModel
from alignbench.judge import Judge, Judgement
from alignbench.store.stage import Tools
from alignbench.templates import rendered
from alignbench.types import Chat, Norm, Sampling, chat

_PROMPTS = Path(__file__).parent / "prompts"
_VERDICT = re.compile(r"[\W_]*verdict[\s:=*_]*([+-]?[01])(?:\W+rule[\s:=*_#]*(\d+|none))?[\W_]*", re.IGNORECASE)


@dataclass(frozen=True)
class LLMJudge(Judge):
    """Knobs of the judge model; greedy decoding. Score and verdict are the same -1, 0 or +1."""

    # Who judges.
    generator: Generator = field(default_factory=BaseModel)
    # A sentence a rule and the verdict; a reply cut off before its last line counts as unparsed.
    max_new_tokens: Count = 512

    def judge(
        self, questions: Sequence[str], answers: Sequence[str], norms: Sequence[Sequence[Norm]], tools: Tools
    ) -> list[Judgement]:
        """One judgement per answer; blank answers and empty lists of norms get 0 without asking the model."""
        chats: list[Chat | None] = []
        for question, answer, held in zip(questions, answers, norms, strict=True):
            rules = [norm.statement for norm in held]
            prompt = rendered(_PROMPTS, "llm", question=question, answer=answer, rules=rules)
            chats.append(chat(prompt) if answer.strip() and rules else None)
        asked = list(dict.fromkeys(c for c in chats if c is not None))
        sampling = Sampling(max_new_tokens=self.max_new_tokens)
        outputs = self.generator.open(tools).generate(asked, sampling) if asked else []
        said = {c: texts[0] for c, texts in zip(asked, outputs, strict=True)}
        return [Judgement(0.0, 0) if c is None else parse(said[c], held) for c, held in zip(chats, norms, strict=True)]


def parse(output: str, norms: Sequence[Norm]) -> Judgement:
    """The verdict on the last line that is not blank, and the norm that it names; anything else there is unparsed."""
    lines = [line for line in output.replace("\u2212", "-").splitlines() if line.strip()]
    match = _VERDICT.fullmatch(lines[-1]) if lines else None
    if match is None:
        return Judgement(0.0, 0, parsed=False)
    verdict, rule = int(match[1]), match[2]
    named = rule is not None and rule.isdigit() and 1 <= int(rule) <= len(norms)
    return Judgement(float(verdict), verdict, norms[int(rule) - 1].item if named else None)

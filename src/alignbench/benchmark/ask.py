"""How the questions of any benchmark reach a model."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alignbench.aligned import ModelSession
from alignbench.benchmark import Benchmark, Question, Reply
from alignbench.evaluation.ask import Asking, Request
from alignbench.evaluation.metrics import softmax
from alignbench.types import chat, check

_SURVEY_FORM = Asking()


@dataclass(frozen=True)
class _Prompt:
    """One way of asking one question; ``options`` index ``item.options`` as listed."""

    question: int
    options: tuple[int, ...]
    request: Request


def ask(
    model: ModelSession,
    benchmark: Benchmark,
    questions: Sequence[Question],
    asking: Asking = _SURVEY_FORM,
) -> list[Reply]:
    """A reply for every question: options by exact log-probability, free text as the benchmark has it.

    Every system text of the method asks.

    Args:
        asking: the form of questions that are asked as survey items, by label; by default in both orders.

    Raises:
        AlignbenchError: nothing to ask, or choices that do not fit the options.
    """
    check(bool(questions), "benchmark", type(benchmark).__name__, "it has no question for this culture")
    prompts = [p for number, question in enumerate(questions) for p in _prompts(number, question, model, asking)]
    closed = [p for p in prompts if p.request.options]
    scores = model.engine.score([p.request.chat for p in closed], [p.request.options for p in closed], model.adapter)
    shares: dict[int, list[np.ndarray]] = defaultdict(list)
    masses: dict[int, list[float]] = defaultdict(list)
    for prompt, score in zip(closed, scores, strict=True):
        turned = np.empty(len(prompt.options))
        turned[list(prompt.options)] = softmax(score.logprobs)
        shares[prompt.question].append(turned)
        masses[prompt.question].append(score.mass)
    spoken = _spoken(model, benchmark, prompts, questions)
    return [
        Reply(
            question,
            tuple(np.mean(shares[i], axis=0).tolist()) if i in shares else None,
            float(np.mean(masses[i])) if i in masses else None,
            spoken.get(i),
        )
        for i, question in enumerate(questions)
    ]


def _spoken(
    model: ModelSession, benchmark: Benchmark, prompts: Sequence[_Prompt], questions: Sequence[Question]
) -> dict[int, str]:
    """Question -> what the model says under its first prompt, where text is wanted."""
    first: dict[int, _Prompt] = {}
    for prompt in prompts:
        if benchmark.texts or not questions[prompt.question].item.options:
            first.setdefault(prompt.question, prompt)
    if not first:
        return {}
    texts = model.engine.generate([p.request.chat for p in first.values()], benchmark.sampling, model.adapter)
    return {number: said[0] for number, said in zip(first, texts, strict=True)}


def _prompts(number: int, question: Question, model: ModelSession, asking: Asking) -> list[_Prompt]:
    item = question.item
    texts = ((text, question.framing) for text in model.policy.systems_for(item))
    systems = ["\n\n".join(filter(None, both)) or None for both in texts]
    if question.user is None and item.options:
        return [
            _Prompt(number, p.options, p.request)
            for context, system in enumerate(systems)
            for order in asking.orders_for(context, len(systems))
            for p in (asking.prompt(item, context, order, system),)
        ]
    fits = not question.choices or len(question.choices) == len(item.options)
    check(fits, "benchmark choices", question.choices, f"{item.id} has {len(item.options)} options")
    options = tuple(range(len(item.options)))
    user, choices = question.user or item.question, question.choices or item.options
    return [_Prompt(number, options, Request(chat(user, system), choices)) for system in systems]

"""How the questions of any benchmark reach a model."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alignbench.aligned import ModelSession
from alignbench.benchmark import Benchmark, Question, Reply
from alignbench.evaluation.ask import Asking, Prompt, Request
from alignbench.evaluation.metrics import softmax
from alignbench.evaluation.survey import Look, said, thought_out
from alignbench.types import PromptPolicy, chat, check

_SURVEY_FORM = Asking()


def ask(
    model: ModelSession,
    benchmark: Benchmark,
    questions: Sequence[Question],
    asking: Asking = _SURVEY_FORM,
) -> list[Reply]:
    """A reply for every question: options by exact log-probability, free text as the benchmark has it.

    Every system text of the method asks, and a method that thinks first thinks here, too.

    Args:
        asking: the form of questions that are asked as survey items, by label; by default in both orders.

    Raises:
        AlignbenchError: nothing to ask, choices that do not fit the options, or what :func:`check_thoughts` refuses.
    """
    check(bool(questions), "benchmark", type(benchmark).__name__, "it has no question for this culture")
    check_thoughts(model.policy, benchmark, questions)
    asked = [(i, prompt) for i, question in enumerate(questions) for prompt in _prompts(question, model, asking)]
    looks: dict[int, list[Look]] = defaultdict(list)
    for look in thought_out(model, [prompt for _, prompt in asked]):
        looks[asked[look.place][0]].append(look)
    listed = [(i, look) for i, found in looks.items() for look in found if look.request.options]
    requests = [look.request for _, look in listed]
    scores = model.engine.score([r.chat for r in requests], [r.options for r in requests], model.adapter)
    shares: dict[int, list[np.ndarray]] = defaultdict(list)
    masses: dict[int, list[float]] = defaultdict(list)
    weights: dict[int, list[float]] = defaultdict(list)
    for (i, look), score in zip(listed, scores, strict=True):
        turned = np.empty(len(look.prompt.options))
        turned[list(look.prompt.options)] = softmax(score.logprobs)
        shares[i].append(turned)
        masses[i].append(score.mass)
        weights[i].append(look.prompt.weight)
    wanted = [i for i, question in enumerate(questions) if benchmark.texts or not question.item.options]
    texts = said(model, [looks[i][0].request for i in wanted], benchmark.sampling) if wanted else []
    spoken = {i: first for i, (first, *_) in zip(wanted, texts, strict=True)}
    own = model.policy.reasoning is not None and model.policy.reasoning.thought
    return [
        Reply(
            question,
            tuple(np.average(shares[i], axis=0, weights=weights[i]).tolist()) if i in shares else None,
            float(np.average(masses[i], weights=weights[i])) if i in masses else None,
            spoken.get(i),
            float(np.mean([not look.thought.closed for look in looks[i]])) if own else None,
        )
        for i, question in enumerate(questions)
    ]


def check_thoughts(policy: PromptPolicy, benchmark: Benchmark, questions: Sequence[Question]) -> None:
    """Refuse thoughts that are asked for in words where a benchmark's own words are the whole prompt.

    Raises:
        AlignbenchError: the policy asks for them, and a question is not in the form of a survey item.
    """
    ours = all(question.user is None and question.item.options for question in questions)
    remedy = (
        f"{type(benchmark).__name__} asks in its own words, among which thoughts cannot be asked for: take a model "
        "that thinks by itself, or let the method answer at once (method.reasoning=false, method.asked_chains=0)"
    )
    check(ours or not policy.asks_for_thoughts, "method", "thoughts first", remedy)


def _prompts(question: Question, model: ModelSession, asking: Asking) -> list[Prompt]:
    item, asks_first = question.item, model.policy.asks_for_thoughts
    texts = ((text, question.framing) for text in model.policy.systems_for(item))
    systems = ["\n\n".join(filter(None, both)) or None for both in texts]
    weights = model.policy.weights or (1.0,) * len(systems)
    if question.user is None and item.options:
        return [
            replace(asking.prompt(item, context, order, system, thinking=asks_first), weight=weights[context])
            for context, system in enumerate(systems)
            for order in asking.orders_for(context, 1 if model.policy.weights else len(systems))
        ]
    fits = not question.choices or len(question.choices) == len(item.options)
    check(fits, "benchmark choices", question.choices, f"{item.id} has {len(item.options)} options")
    options = tuple(range(len(item.options)))
    user, choices = question.user or item.question, question.choices or item.options
    return [
        Prompt(
            item.id,
            context,
            "forward",
            system,
            options,
            Request(chat(user, system), choices),
            None,
            weight=weights[context],
        )
        for context, system in enumerate(systems)
    ]

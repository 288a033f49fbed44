"""How the survey is scored: a model answers the items of a split; answers become distributions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd

from alignbench.aligned import ModelSession
from alignbench.component import Component, Count, Within, recorded
from alignbench.evaluation.ask import Answer, Asking, Labels, Orders, Prompt, Request, Style
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap
from alignbench.files import write_table
from alignbench.progress import bar
from alignbench.types import Item, Sampling, Split, check, one_of

# Prompts a call: how much a kill can lose.
CHUNK = 256
_ID = ["item", "context", "order"]
# Further forms of the questions: name -> knobs of the main form that it changes.
FORMS: dict[str, dict[str, Enum]] = {
    "numbers": {"labels": Labels.numbers},
    "letters": {"labels": Labels.letters},
    "reworded": {"style": Style.reworded},
}
# What tells one look at the options from all others: a prompt, and which thought came before the answer.
ASKED = [*_ID, "chain"]


class LogBase(Enum):
    """Logarithm of the Jensen-Shannon divergence; base 2 bounds it by 1."""

    two = 2.0
    e = math.e


@dataclass(frozen=True)
class Scoring(Component):
    """Knobs of asking, of the score, and of its uncertainty."""

    _group = "scoring"

    # label: the option's number or letter; text: its full wording.
    answer: Answer = Answer.label
    # both | balanced | forward: each item is averaged over the listed and the reversed order, either under every
    # system text, or with several system texts (ten wordings) taking turns, which halves the prompts.
    orders: Orders = Orders.balanced
    # auto | numbers | letters
    labels: Labels = Labels.auto
    # full lists the options; reworded does so in another frame; compact gives the range of labels alone (model=nano).
    style: Style = Style.full
    # With answer=text: subtract each option's log-probability after a question without content.
    divide_prior: bool = True
    # numbers | letters | reworded: ask everything in these forms, too. They widen the format spread and leave the score
    # alone; each costs as much as the main form.
    formats: tuple[str, ...] = ()
    # Which items are asked: test, or validation when a choice is still to be made.
    split: Split = Split.test
    js_base: LogBase = LogBase.two
    # True scores 1 - distance (the square root) and not 1 - divergence.
    js_sqrt: bool = False
    # Bootstrap resamples of the item batteries.
    bootstrap: Count = 10000
    bootstrap_seed: int = 0
    confidence: Annotated[float, Within(above=0, below=1)] = 0.95
    # Respondents assumed for the ceiling where the source gives no number; 1200 is a usual national sample.
    ceiling_n: Count = 1200
    # Prompts a call: how much a kill can lose.
    chunk: Count = recorded(CHUNK)

    def _consistent(self) -> None:
        for name, form in self.forms.items():
            check(form.asking != self.asking, "scoring.formats", name, "this is the main form; leave it out")

    @property
    def asking(self) -> Asking:
        """What the model reads: the scoring's share of the responses' key."""
        divide_prior = self.divide_prior and self.answer is Answer.text
        return Asking(self.answer, self.orders, self.labels, divide_prior, self.style)

    @property
    def forms(self) -> dict[str, Scoring]:
        """The further forms by name, each as a scoring."""
        for name in self.formats:
            one_of("scoring.formats", name, tuple(FORMS))
        return {name: self.with_knobs(formats=(), **FORMS[name]) for name in self.formats}

    @property
    def resampling(self) -> Bootstrap:
        """How intervals are made."""
        return Bootstrap(self.bootstrap, self.bootstrap_seed, self.confidence)


def respond(
    model: ModelSession, items: Sequence[Item], asking: Asking, folder: Path, chunk_size: int = CHUNK
) -> pd.DataFrame:
    """Ask every item under every system text in every order; one ``engine.score`` call for ``chunk_size`` prompts.

    Goes on from the chunks found in ``folder``, whatever their size. Prompts that share a system text are
    neighbours, so that an engine can reuse the prefix.

    Returns:
        One row per option of a prompt, also written to ``folder/responses.parquet``: item, context,
        order, chain (which of the sampled thoughts; 0 without any), position (as listed), option (index into
        ``Item.codes``), logprob (nats), prior (nats; 0 where none is divided out), mass (``OptionScores.mass``
        of the prompt) and thought (its text; empty without any).

    Raises:
        AlignbenchError: no items, or a ten-point item too long to label.
    """
    check(len(items) > 0, "items", 0, "the split holds no item to ask")
    final = folder / "responses.parquet"
    if final.is_file():
        return pd.read_parquet(final)
    prompts = sorted(asking.prompts(items, model.policy), key=lambda prompt: prompt.system or "")
    parts = [pd.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))]
    done = {key for part in parts for key in part[_ID].itertuples(index=False, name=None)}
    waiting = [prompt for prompt in prompts if prompt.id not in done]
    with bar(len(prompts), "answers", "prompt") as progress:
        progress.update(len(prompts) - len(waiting))
        for start in range(0, len(waiting), chunk_size):
            chunk = waiting[start : start + chunk_size]
            part = answers(model, chunk)
            write_table(folder / f"part-{len(parts):04d}.parquet", part)
            parts.append(part)
            progress.update(len(chunk))
    responses = pd.concat(parts).sort_values([*ASKED, "position"], ignore_index=True)
    write_table(final, responses)
    for path in folder.glob("part-*.parquet"):
        path.unlink()
    return responses


def distributions(responses: pd.DataFrame, items: Iterable[Item]) -> dict[str, Array]:
    """Item id -> the model's distribution, in the order of ``Item.codes``.

    Softmax over the options of each prompt (prior subtracted), then the plain mean over orders, contexts and thoughts.

    Raises:
        AlignbenchError: an item without responses, or a prompt that gave no option any probability.
    """
    mean = shares(responses, ASKED).groupby([responses["item"], responses["option"]]).mean().unstack("option")
    found: dict[str, Array] = {}
    for item in items:
        check(item.id in mean.index, "responses", item.id, "this item was not asked; remove the stage and run again")
        found[item.id] = mean.loc[item.id].to_numpy(dtype=np.float64)[: len(item.codes)]
        check(bool(np.isfinite(found[item.id]).all()), "responses", item.id, "the model's scores are not finite")
    return found


def shares(responses: pd.DataFrame, prompt: Sequence[str]) -> pd.Series[float]:
    """Share of each row's option among those of its prompt; ``prompt`` names the columns that tell prompts apart."""
    keys = [responses[name] for name in prompt]
    score = responses["logprob"] - responses["prior"]
    weight = (score - score.groupby(keys).transform("max")).map(math.exp)
    return weight / weight.groupby(keys).transform("sum")


def option_mass(responses: pd.DataFrame) -> dict[str, float]:
    """Item id -> mean probability of the options' first tokens over its prompts."""
    mass = responses.drop_duplicates(ASKED).groupby("item")["mass"].mean()
    return {str(item): float(value) for item, value in mass.items()}


def answers(model: ModelSession, prompts: Sequence[Prompt]) -> pd.DataFrame:
    """Rows of one chunk, as :func:`respond` gives them, indexed by the prompt's place in ``prompts``.

    Equal requests (priors of items with the same options) are scored once.
    """
    asked = _thought_out(model, prompts)
    requests = [r for _, prompt, request, _, _ in asked for r in (request, prompt.prior) if r is not None]
    unique: list[Request] = list(dict.fromkeys(requests))
    chats, options = [r.chat for r in unique], [r.options for r in unique]
    scores = dict(zip(unique, model.engine.score(chats, options, model.adapter), strict=True))
    rows, places = [], []
    for place, prompt, request, chain, thought in asked:
        answer = scores[request]
        prior = scores[prompt.prior].logprobs if prompt.prior else (0.0,) * len(prompt.options)
        for position, option in enumerate(prompt.options):
            figures = (answer.logprobs[position], prior[position], answer.mass)
            rows.append((*prompt.id, chain, position, option, *figures, thought))
            places.append(place)
    return pd.DataFrame(rows, places, [*ASKED, "position", "option", "logprob", "prior", "mass", "thought"])


def written(model: ModelSession, prompts: Sequence[Prompt], max_new_tokens: int) -> pd.DataFrame:
    """What the model writes to each prompt of one chunk, greedily, indexed as :func:`answers` indexes its rows."""
    asked = _thought_out(model, prompts)
    chats = [request.chat for _, _, request, _, _ in asked]
    texts = model.engine.generate(chats, Sampling(max_new_tokens), model.adapter)
    rows = [
        (*prompt.id, chain, said[0], thought) for (_, prompt, _, chain, thought), said in zip(asked, texts, strict=True)
    ]
    return pd.DataFrame(rows, [place for place, *_ in asked], [*ASKED, "text", "thought"])


def _thought_out(model: ModelSession, prompts: Sequence[Prompt]) -> list[tuple[int, Prompt, Request, int, str]]:
    """(place, prompt, request whose options are looked up, chain, thought), a row per sampled thought if any."""
    sampling = model.policy.reasoning
    if sampling is None:
        return [(place, prompt, prompt.request, 0, "") for place, prompt in enumerate(prompts)]
    thoughts = model.engine.generate([prompt.request.chat for prompt in prompts], sampling, model.adapter)
    return [
        (place, prompt, prompt.after(text), chain, text)
        for place, (prompt, texts) in enumerate(zip(prompts, thoughts, strict=True))
        for chain, text in enumerate(texts)
    ]

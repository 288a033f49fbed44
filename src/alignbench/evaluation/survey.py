"""How the survey is scored: a model answers the items of a split; answers become distributions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd

from alignbench.aligned import ModelSession
from alignbench.component import Component, Count, Maybe, Seed, Share, Within, recorded
from alignbench.evaluation.ask import Asking, Labels, Orders, Prompt, Request, Style
from alignbench.evaluation.draws import Drawn
from alignbench.evaluation.elicit import Elicit, Replying
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.statistics import Bootstrap
from alignbench.files import write_table
from alignbench.progress import bar
from alignbench.seeds import seed_of
from alignbench.types import Item, Message, Sampling, Split, Thought, check, one_of

# Prompts a call: how much a kill can lose.
CHUNK = 256
_ID = ["item", "context", "order"]
# Tokens of a reply, where the knob says none: an option, or people for each of ten options with their wording. Ours.
_REPLY_TOKENS = {Elicit.sampled: 16, Elicit.verbalised: 256}
# Further forms of the questions: name -> knobs of the main form that it changes.
FORMS: dict[str, dict[str, Enum]] = {
    "numbers": {"labels": Labels.numbers},
    "letters": {"labels": Labels.letters},
    "reworded": {"style": Style.reworded},
}
# The column of answers that were written and counted, which no others have.
_COUNT = "count"
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

    # label | text | verbalised | sampled: the probability of an option's number or letter, or of its full wording; how
    # many of 100 people the model says would give it; how often it gives it. evaluation/elicit.py says what each is.
    elicit: Elicit = Elicit.label
    # With elicit=sampled: answers to a prompt, that is for each order of the options and wording; 40 of two orders move
    # the score of a question by .007 before the correction (evaluation/draws.py). Our choice.
    samples: Annotated[int, Within(least=2, remedy="give two draws or more: one does not show its own chance")] = 40
    sample_seed: Seed = 0
    # With elicit=verbalised: how far from 100 the people may be in all, as a share of 100; else the reply is unread.
    # Our choice, for a rounding or a slip.
    tolerance: Share = 0.1
    # Longest reply in tokens where the model writes; 0 is 16 for an answer that is drawn, 256 for people out of 100.
    reply_tokens: Maybe = 0
    # both | balanced | forward: each item is averaged over the listed and the reversed order, either under every
    # system text, or with several system texts (ten wordings) taking turns, which halves the prompts.
    orders: Orders = Orders.balanced
    # auto | numbers | letters
    labels: Labels = Labels.auto
    # full lists the options; reworded does so in another frame; compact gives the range of labels alone (model=nano).
    style: Style = Style.full
    # With elicit=text: subtract each option's log-probability after a question without content.
    divide_prior: bool = True
    # numbers | letters | reworded: ask everything in these forms, too. They widen the format spread and leave the score
    # alone; each costs as much as the main form.
    formats: tuple[str, ...] = ()
    # Which items are asked: test, or validation when a choice is still to be made.
    split: Split = Split.test
    # Score every checkpoint that the training keeps on the test items, too: a curve on the page, as CultureRL's authors
    # report it. Nothing is chosen by it.
    checkpoints_on_test: bool = False
    js_base: LogBase = LogBase.two
    # True scores 1 - distance (the square root) and not 1 - divergence.
    js_sqrt: bool = False
    # Bootstrap resamples of the item batteries.
    bootstrap: Count = 10000
    bootstrap_seed: Seed = 0
    confidence: Annotated[float, Within(above=0, below=1)] = 0.95
    # Respondents assumed for the ceiling where the source gives no number; 1200 is a usual national sample.
    ceiling_n: Count = 1200
    # Prompts a call: how much a kill can lose.
    chunk: Count = recorded(CHUNK)

    def _consistent(self) -> None:
        for name, form in self.forms.items():
            check(form.asking != self.asking, "scoring.formats", name, "this is the main form; leave it out")
        least = math.ceil(round(2 / (1 - self.confidence), 6))
        remedy = f"an interval of {self.confidence:g} needs {least} resamples or more"
        check(self.bootstrap >= least, "scoring.bootstrap", self.bootstrap, remedy)

    @property
    def asking(self) -> Asking:
        """What the model reads: the scoring's share of the responses' key."""
        divide_prior = self.divide_prior and self.elicit is Elicit.text
        return Asking(self.elicit, self.orders, self.labels, divide_prior, self.style, self.replying)

    @property
    def replying(self) -> Replying | None:
        """How replies are written and read; None where probabilities are looked up."""
        tokens = self.reply_tokens or _REPLY_TOKENS.get(self.elicit, 0)
        if self.elicit is Elicit.sampled:
            return Replying(tokens, self.samples, self.sample_seed)
        return Replying(tokens, tolerance=self.tolerance) if self.elicit is Elicit.verbalised else None

    @property
    def as_read(self) -> Scoring:
        """The same with the knobs that its form of eliciting does not read at their defaults."""
        read = {
            Elicit.text: ("divide_prior",),
            Elicit.verbalised: ("tolerance", "reply_tokens"),
            Elicit.sampled: ("samples", "sample_seed", "reply_tokens"),
        }
        idle = {name for names in read.values() for name in names} - {*read.get(self.elicit, ())}
        return self.with_knobs(**{name: getattr(Scoring, name) for name in idle})

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
        ``Item.codes``), weight (:attr:`~alignbench.evaluation.ask.Prompt.weight`), thought (its text; empty without
        any), closed (:attr:`~alignbench.types.Thought.closed`), and

        * where probabilities are looked up: logprob (nats), prior (nats; 0 where none is divided out) and mass
          (``OptionScores.mass`` of the prompt);
        * where the model writes: count (draws or people that name the option), replies (how many there are to the
          prompt), unread (how many of them could not be read) and said (all of them, as a JSON list).

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
            part = answers(model, chunk) if asking.replying is None else counted(model, chunk, asking.replying)
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

    :func:`shares` of each prompt, then the mean over orders, contexts and thoughts, each with the weight of its prompt;
    of prompts without a reply that could be read nothing enters, and an item that has no other counts as even shares.

    Raises:
        AlignbenchError: an item without responses, or a prompt that gave no option any probability.
    """
    option, share = [responses["item"], responses["option"]], shares(responses, ASKED)
    weight = responses["weight"].where(share.notna())
    mean = ((share * weight).groupby(option).sum() / weight.groupby(option).sum(min_count=1)).unstack("option")
    found: dict[str, Array] = {}
    for item in items:
        check(item.id in mean.index, "responses", item.id, "this item was not asked; remove the stage and run again")
        found[item.id] = mean.loc[item.id].to_numpy(dtype=np.float64)[: len(item.codes)]
        if _COUNT in responses and np.isnan(found[item.id]).all():
            found[item.id] = np.full(len(item.codes), 1 / len(item.codes))
        check(bool(np.isfinite(found[item.id]).all()), "responses", item.id, "the model's scores are not finite")
    return found


def shares(responses: pd.DataFrame, prompt: Sequence[str]) -> pd.Series[float]:
    """Share of each row's option among those of its prompt; ``prompt`` names the columns that tell prompts apart.

    Softmax of the log-probabilities (prior subtracted), or counts over their sum; NaN where no reply could be read.
    """
    keys = [responses[name] for name in prompt]
    if _COUNT in responses:
        return responses[_COUNT] / responses.groupby(keys)[_COUNT].transform("sum")
    score = responses["logprob"] - responses["prior"]
    weight = (score - score.groupby(keys).transform("max")).map(math.exp)
    return weight / weight.groupby(keys).transform("sum")


def option_mass(responses: pd.DataFrame) -> dict[str, float]:
    """Item id -> mean probability of the options' first tokens over its prompts, each with its weight.

    NaN where none was looked up.
    """
    if _COUNT in responses:
        return dict.fromkeys(map(str, responses["item"].unique()), math.nan)
    asked = responses.drop_duplicates(ASKED)
    mass = (asked["mass"] * asked["weight"]).groupby(asked["item"]).sum() / asked.groupby("item")["weight"].sum()
    return {str(item): float(value) for item, value in mass.items()}


class Written(NamedTuple):
    """What is known of the replies to an item, where the model writes.

    Attributes:
        unread: share of the replies that could not be read.
        drawn: the draws that could; None where none was drawn.
    """

    unread: float
    drawn: Drawn | None


def written(responses: pd.DataFrame, sampled: bool) -> dict[str, Written]:
    """Item id -> its replies; empty where probabilities were looked up. ``sampled``: they are draws."""
    if _COUNT not in responses:
        return {}
    found = {}
    for item, rows in responses.groupby("item"):
        looks = rows.drop_duplicates(ASKED)
        unread = float(looks["unread"].sum() / looks["replies"].sum())
        counts = rows.set_index([*ASKED, "option"])[_COUNT].unstack("option")
        weight = rows.drop_duplicates(ASKED).set_index(ASKED)["weight"].reindex(counts.index)
        drawn = Drawn(counts.to_numpy(np.float64), weight.to_numpy(np.float64))
        found[str(item)] = Written(unread, drawn if sampled and unread < 1 else None)
    return found


def unread(responses: pd.DataFrame) -> float | None:
    """Share of all replies that could not be read; None where probabilities were looked up."""
    looks = responses.drop_duplicates(ASKED)
    return float(looks["unread"].sum() / looks["replies"].sum()) if _COUNT in responses else None


def answers(model: ModelSession, prompts: Sequence[Prompt]) -> pd.DataFrame:
    """Rows of one chunk, as :func:`respond` gives them, indexed by the prompt's place in ``prompts``.

    Equal requests (priors of items with the same options) are scored once.
    """
    asked = thought_out(model, prompts)
    requests = [r for look in asked for r in (look.request, look.prompt.prior) if r is not None]
    unique: list[Request] = list(dict.fromkeys(requests))
    chats, options = [r.chat for r in unique], [r.options for r in unique]
    scores = dict(zip(unique, model.engine.score(chats, options, model.adapter), strict=True))
    rows, places = [], []
    for place, prompt, request, chain, thought in asked:
        answer = scores[request]
        prior = scores[prompt.prior].logprobs if prompt.prior else (0.0,) * len(prompt.options)
        for position, option in enumerate(prompt.options):
            found = (answer.logprobs[position], prior[position], answer.mass, prompt.weight)
            rows.append((*prompt.id, chain, position, option, *found, thought.text, thought.closed))
            places.append(place)
    figures = ("logprob", "prior", "mass", "weight")
    return pd.DataFrame(rows, places, [*ASKED, "position", "option", *figures, "thought", "closed"])


def counted(model: ModelSession, prompts: Sequence[Prompt], replying: Replying) -> pd.DataFrame:
    """Rows of one chunk where the model writes, as :func:`respond` gives them, indexed as :func:`answers` does.

    Draws depend on the chunk: on its first prompt, so that chunks do not draw alike, and on the prompts in it.
    """
    looks = thought_out(model, prompts)
    greedy = replying.samples == 1
    seed = 0 if greedy else seed_of(replying.seed, *prompts[0].id)
    sampling = Sampling(replying.tokens, 0.0 if greedy else 1.0, n=replying.samples, seed=seed)
    rows, places = [], []
    for look, texts in zip(looks, said(model, [look.request for look in looks], sampling), strict=True):
        prompt, labels = look.prompt, look.request.options
        read = [counts for text in texts if (counts := replying.counts(text, labels, prompt.texts)) is not None]
        count = np.sum(read, axis=0) if read else np.zeros(len(labels))
        replies = (len(texts), len(texts) - len(read), json.dumps(texts, ensure_ascii=False))
        for position, option in enumerate(prompt.options):
            figures = (float(count[position]), prompt.weight, *replies)
            rows.append((*prompt.id, look.chain, position, option, *figures, look.thought.text, look.thought.closed))
            places.append(look.place)
    columns = [*ASKED, "position", "option", _COUNT, "weight", "replies", "unread", "said", "thought", "closed"]
    return pd.DataFrame(rows, places, columns)


def spoken(model: ModelSession, prompts: Sequence[Prompt], max_new_tokens: int) -> pd.DataFrame:
    """What the model writes to each prompt of one chunk, greedily, indexed as :func:`answers` indexes its rows."""
    looks = thought_out(model, prompts)
    texts = said(model, [look.request for look in looks], Sampling(max_new_tokens))
    rows = [
        (*look.prompt.id, look.chain, text, look.thought.text, look.thought.closed)
        for look, (text,) in zip(looks, texts, strict=True)
    ]
    return pd.DataFrame(rows, [look.place for look in looks], [*ASKED, "text", "thought", "closed"])


def said(model: ModelSession, requests: Sequence[Request], sampling: Sampling) -> list[list[str]]:
    """What the model says to each; one that thinks by itself, and was not let, says it after an empty thought."""
    chats = [request.chat for request in requests]
    if model.engine.model.thinks and model.policy.reasoning is None:
        chats = [(*asked, Message("thought", "")) for asked in chats]
    return model.engine.generate(chats, sampling, model.adapter)


class Look(NamedTuple):
    """One look at the options of a prompt.

    Attributes:
        place: of the prompt among those that were given.
        request: what is scored, or answered: with the thought, where there is one.
    """

    place: int
    prompt: Prompt
    request: Request
    chain: int
    thought: Thought


def thought_out(model: ModelSession, prompts: Sequence[Prompt]) -> list[Look]:
    """One look a prompt or, where the policy lets the model think, one a thought, with no prior divided out."""
    sampling = model.policy.reasoning
    if sampling is None:
        return [Look(place, prompt, prompt.request, 0, Thought("")) for place, prompt in enumerate(prompts)]
    thoughts = model.engine.think([prompt.request.chat for prompt in prompts], sampling, model.adapter)
    return [
        Look(place, replace(prompt, prior=None), prompt.after(thought.text), chain, thought)
        for place, (prompt, found) in enumerate(zip(prompts, thoughts, strict=True))
        for chain, thought in enumerate(found)
    ]


def unclosed(responses: pd.DataFrame) -> float:
    """Share of the thoughts that did not come to an end by themselves."""
    return float(1 - responses.drop_duplicates(ASKED)["closed"].mean())

"""Per-item scores of answer distributions against a country, and the references to compare them with."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alignbench.data.people import RespondentPanel
from alignbench.data.survey import Survey
from alignbench.evaluation.catalogue import ItemScore, of_items
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.metrics import Array, distribution, entropy, js_similarity
from alignbench.evaluation.survey import Scoring, Written, distributions, option_mass, written
from alignbench.types import Item, check

_DRAWS, _SPLITS = 500, 200
# The people's answers, those to be scored, the option mass, and the replies that they were read from.
_Pair: TypeAlias = tuple[ArrayLike, ArrayLike, float, Written]
_UNWRITTEN = Written(np.nan, None)


def score_responses(responses: pd.DataFrame, survey: Survey, iso3: str, knobs: Scoring) -> pd.DataFrame:
    """:func:`score_items` of what a model answered, as :func:`~alignbench.evaluation.survey.respond` gives it."""
    found = written(responses, knobs.elicit is Elicit.sampled)
    return score_items(distributions(responses, survey.items), option_mass(responses), survey, iso3, knobs, found)


def score_items(
    dist: Mapping[str, ArrayLike],
    mass: Mapping[str, float] | None,
    survey: Survey,
    iso3: str,
    knobs: Scoring,
    replies: Mapping[str, Written] | None = None,
) -> pd.DataFrame:
    """One row for every item that the country was asked.

    Args:
        dist: item id -> shares in the order of ``Item.codes``; items not asked in the country are ignored.
        mass: item id -> option mass; None for distributions that no model made.
        replies: item id -> the replies that its distribution was read from, where the model wrote them.

    Returns:
        item, topic, battery, scale, n_options, js (similarity, under ``knobs.js_base`` and ``knobs.js_sqrt``),
        entropy_model and entropy_survey (over ln K), every metric that is a mean over items
        (:func:`~alignbench.evaluation.catalogue.of_items`; NaN where an item has none), mass, unread (share of the
        replies), distribution (what was scored) and survey (the country's shares), both in the order of ``Item.codes``.
        Where answers were drawn, js, entropy_model and the metrics are corrected for the number of draws
        (:mod:`alignbench.evaluation.draws`), and draw_bias (js less its uncorrected value) and draw_error (standard
        error of js from the draws alone) say what they do; NaN elsewhere.

    Raises:
        AlignbenchError: country unknown or without items, an item without a distribution, a wrong distribution.
    """

    def answers(item: Item) -> _Pair:
        check(item.id in dist, "distributions", item.id, f"{iso3} was asked this item, so the model must answer it too")
        option_mass = np.nan if mass is None else mass[item.id]
        return survey.of(iso3)[item.id].shares, dist[item.id], option_mass, (replies or {}).get(item.id, _UNWRITTEN)

    return _score(answers, survey, iso3, knobs)


def ceiling(survey: Survey, iso3: str, knobs: Scoring) -> pd.DataFrame:
    """Expected scores of a fresh sample of respondents from the country's own shares; columns as :func:`score_items`.

    Means over 500 multinomial samples of :meth:`Answers.sample` respondents, ``knobs.ceiling_n`` where their number is
    not known. Seeded by item, so the value of an item does not depend on which others are scored. Our choice of what
    "as good as the survey" means.
    """

    def resample(item: Item) -> _Pair:
        answers = survey.of(iso3)[item.id]
        n = answers.sample(knobs.ceiling_n)
        rng = np.random.default_rng([knobs.bootstrap_seed, crc32(item.id.encode())])
        samples = rng.multinomial(n, distribution(answers.shares, item.id), size=_DRAWS) / n
        return answers.shares, samples, np.nan, _UNWRITTEN

    return _score(resample, survey, iso3, knobs)


def split_half(panel: RespondentPanel, survey: Survey, iso3: str, knobs: Scoring) -> pd.DataFrame:
    """Mean scores of one random half of the respondents against the other; columns as :func:`score_items`.

    Over 200 ways to halve them; people count by their weight, and keep all their answers. Half the people are noisier
    than all, on both sides, so this lies below :func:`ceiling`: it rests on real people and on no sampling model.
    Items that fewer than two people answered are left out.

    Raises:
        AlignbenchError: no item can be halved.
    """
    rng = np.random.default_rng(knobs.bootstrap_seed)
    people = len(panel.weights)
    first = np.argsort(rng.random((_SPLITS, people)), axis=1) < people // 2

    def halves(item: Item) -> _Pair:
        chosen = np.eye(len(item.codes) + 1)[panel.answers[item.id]][:, :-1] * panel.weights[:, None]
        sides = [half.astype(np.float64) @ chosen for half in (first, ~first)]
        split = np.logical_and(*(side.sum(axis=1) > 0 for side in sides))
        p, q = (side[split] / side[split].sum(axis=1, keepdims=True) for side in sides)
        return p, q, np.nan, _UNWRITTEN

    answered = {name for name, answers in panel.answers.items() if np.count_nonzero(answers >= 0) > 1}
    kept = replace(survey, items=tuple(item for item in survey.items if item.id in answered))
    return _score(halves, kept, iso3, knobs)


def uniform(survey: Survey, iso3: str) -> dict[str, Array]:
    """Every option equally likely: a model that knows nothing and shows it."""
    return {item.id: np.full(len(item.codes), 1 / len(item.codes)) for item in survey.asked(iso3)}


def majority(survey: Survey, iso3: str) -> dict[str, Array]:
    """The country's own modal answer as a one-hot (the first of a tie): right, and without any spread."""
    answers = survey.of(iso3)
    return {item.id: np.eye(len(item.codes))[int(np.argmax(answers[item.id].shares))] for item in survey.asked(iso3)}


def others_mean(survey: Survey, iso3: str) -> dict[str, Array]:
    """Mean of the other countries' shares, item by item; an item that no other country answered is left out."""
    found: dict[str, Array] = {}
    for item in survey.asked(iso3):
        others = [cells[item.id].shares for c, cells in survey.answers.items() if c != iso3 and item.id in cells]
        if others:
            found[item.id] = np.mean(others, axis=0)
    return found


def _score(answers: Callable[[Item], _Pair], survey: Survey, iso3: str, knobs: Scoring) -> pd.DataFrame:
    """Rows of the asked items; answers of shape (draws, K) are scored draw by draw and averaged."""
    items = survey.asked(iso3)
    check(len(items) > 0, "culture.iso3", iso3, f"survey {survey.name} asked it none of the items to be scored")
    rows = []
    for item in items:
        p, q, mass, replies = answers(item)
        js = partial(js_similarity, p, base=knobs.js_base.value, sqrt=knobs.js_sqrt)
        value, bias, error = _mean(js, q, replies)
        rows.append(
            {
                "item": item.id,
                "topic": item.topic,
                "battery": item.battery,
                "scale": item.scale.name,
                "n_options": len(item.codes),
                "js": value,
                "entropy_model": _mean(entropy, q, replies)[0],
                "entropy_survey": float(entropy(p).mean()),
                **{name: _by_item(score, item, p, q, replies) for name, score in of_items().items()},
                "mass": mass,
                "unread": replies.unread,
                "draw_bias": bias,
                "draw_error": error,
                "distribution": np.atleast_2d(q).mean(axis=0).tolist(),
                "survey": np.atleast_2d(p).mean(axis=0).tolist(),
            }
        )
    return pd.DataFrame(rows)


def _mean(score: Callable[[ArrayLike], Array], q: ArrayLike, replies: Written) -> tuple[float, float, float]:
    """Mean score over ``q``, corrected where answers were drawn; by how much, and the error (NaN where none were)."""
    value = float(score(q).mean())
    if replies.drawn is None:
        return value, np.nan, np.nan
    corrected, error = replies.drawn.corrected(score)
    return corrected, corrected - value, error


def _by_item(score: ItemScore, item: Item, p: ArrayLike, q: ArrayLike, replies: Written) -> float:
    """A metric that is a mean over items, corrected where answers were drawn."""
    people = np.asarray(p)

    def each(shares: ArrayLike) -> Array:
        return np.array([score(item, people, one) for one in np.atleast_2d(shares)])

    return score(item, people, np.asarray(q)) if replies.drawn is None else _mean(each, q, replies)[0]

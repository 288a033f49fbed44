"""Per-item scores of answer distributions against a country, and the references to compare them with."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alignbench.data.people import RespondentPanel
from alignbench.data.survey import Survey
from alignbench.evaluation.catalogue import of_items
from alignbench.evaluation.metrics import Array, distribution, entropy, js_similarity
from alignbench.evaluation.survey import Scoring
from alignbench.types import Item, check

_DRAWS, _SPLITS = 500, 200
# The people's answers, those to be scored, and the option mass.
_Pair: TypeAlias = tuple[ArrayLike, ArrayLike, float]


def score_items(
    dist: Mapping[str, ArrayLike], mass: Mapping[str, float] | None, survey: Survey, iso3: str, knobs: Scoring
) -> pd.DataFrame:
    """One row for every item that the country was asked.

    Args:
        dist: item id -> shares in the order of ``Item.codes``; items not asked in the country are ignored.
        mass: item id -> option mass; None for distributions that no model made.

    Returns:
        item, topic, battery, scale, n_options, js (similarity, under ``knobs.js_base`` and ``knobs.js_sqrt``),
        entropy_model and entropy_survey (over ln K), every metric that is a mean over items
        (:func:`~alignbench.evaluation.catalogue.of_items`; NaN where an item has none), mass, distribution (what was
        scored) and survey (the country's shares), both in the order of ``Item.codes``.

    Raises:
        AlignbenchError: country unknown or without items, an item without a distribution, a wrong distribution.
    """

    def answers(item: Item) -> _Pair:
        check(item.id in dist, "distributions", item.id, f"{iso3} was asked this item, so the model must answer it too")
        return survey.of(iso3)[item.id].shares, dist[item.id], np.nan if mass is None else mass[item.id]

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
        return answers.shares, rng.multinomial(n, distribution(answers.shares, item.id), size=_DRAWS) / n, np.nan

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
        return p, q, np.nan

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
        p, q, mass = answers(item)
        rows.append(
            {
                "item": item.id,
                "topic": item.topic,
                "battery": item.battery,
                "scale": item.scale.name,
                "n_options": len(item.codes),
                "js": float(js_similarity(p, q, knobs.js_base.value, knobs.js_sqrt).mean()),
                "entropy_model": float(entropy(q).mean()),
                "entropy_survey": float(entropy(p).mean()),
                **{name: score(item, np.asarray(p), np.asarray(q)) for name, score in of_items().items()},
                "mass": mass,
                "distribution": np.atleast_2d(q).mean(axis=0).tolist(),
                "survey": np.atleast_2d(p).mean(axis=0).tolist(),
            }
        )
    return pd.DataFrame(rows)

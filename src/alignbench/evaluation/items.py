"""Per-item scores of everything on a board, in memory and as a table: all that intervals and tests rest on."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np
import pandas as pd

from alignbench.data.survey import Survey
from alignbench.evaluation.metrics import Array
from alignbench.evaluation.score import score_responses
from alignbench.evaluation.survey import Scoring
from alignbench.types import check

Kind = Literal["base", "method", "prompted", "control", "prompted_control", "reference"]
# Label of the unprompted base model.
BASE = "base"
# The table's name in a folder.
ITEMS = "items.parquet"
# Column of scores on the control's survey.
ACROSS = "js_control"
_OF_ROW = ["label", "kind", "method", "country", "key", "formats"]


def label_of(kind: Kind, method: str, country: str | None = None) -> str:
    """Label of a row that serves ``method``; ``country`` is the control's, for kinds that have one."""
    recipe = f"{method} of {country}" if country else method
    return f"{BASE} prompted as {recipe}" if kind in ("prompted", "prompted_control") else recipe


@dataclass(frozen=True)
class BoardEntry:
    """Something on the board with its frames of :func:`~alignbench.evaluation.score.score_items`.

    Attributes:
        kind: ``base``, the unprompted base model; ``method``; ``prompted``, the base model under the method's prompt
            policy; ``control``, the method's recipe on another country's figures; ``prompted_control``, the base model
            under the control's prompt policy; ``reference``, no model.
        frames: one per seed, same items; those of models hold :data:`ACROSS`, the score on the control's survey (NaN
            for items that its country was not asked, or without a control).
        key: run key(s), shown with the row.
        method: label of the method's row that this one serves, its own for a method; None for base and references.
        country: the control's country, for kinds control and prompted_control.
        formats: score by format, means over the seeds; see :mod:`alignbench.evaluation.items`.
        seeds: of each frame; empty where the answers do not depend on the seed.
    """

    label: str
    kind: Kind
    frames: Sequence[pd.DataFrame]
    key: str = ""
    method: str | None = None
    country: str | None = None
    formats: Mapping[str, float] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()

    @property
    def format_spread(self) -> float:
        """Half the range of the scores over formats, in their unit; NaN where only one format was asked.

        Our choice: the best and the worst format lie this far from the middle between them.
        """
        scores = self.formats.values()
        return (max(scores) - min(scores)) / 2 if len(scores) > 1 else math.nan

    @property
    def draw_error(self) -> float:
        """Standard error of the score from draws alone, apart for each item and seed; NaN where nothing was drawn."""
        errors = np.array([frame["draw_error"] for frame in self.frames if "draw_error" in frame])
        drawn = errors[~np.isnan(errors)]
        return float(np.sqrt(np.square(drawn).sum())) / errors.size if drawn.size else math.nan

    @property
    def items(self) -> list[str]:
        """Item ids, in the order of the frames."""
        return self.frames[0]["item"].tolist()

    @property
    def batteries(self) -> list[str]:
        """The battery of each item."""
        return self.frames[0]["battery"].tolist()

    def column(self, name: str) -> dict[str, Any]:
        """Item id -> the first seed's value of a column."""
        return dict(zip(self.items, self.frames[0][name].tolist(), strict=True))

    def js(self, items: Sequence[str], seeds: Sequence[int] = (), column: str = "js") -> Array:
        """Scores of these items in :meth:`frames_of` these seeds, shape (seeds, items)."""
        place = {item: i for i, item in enumerate(self.items)}
        order = [place[item] for item in items]
        return np.stack([frame[column].to_numpy()[order] for frame in self.frames_of(seeds)])

    def frames_of(self, seeds: Sequence[int]) -> Sequence[pd.DataFrame]:
        """The frames of ``seeds`` if the answers depend on them, else all."""
        return [self.frames[self.seeds.index(seed)] for seed in seeds] if self.seeds and seeds else self.frames

    def answers(self, seeds: Sequence[int] = ()) -> dict[str, Array]:
        """Item id -> shares of each seed, shape (seeds, options); those that depend on no seed stand for every one."""
        frames = self.frames_of(seeds)
        frames = frames if len(frames) > 1 else [*frames] * max(len(seeds), 1)
        by_item = zip(*(frame["distribution"] for frame in frames), strict=True)
        return {item: np.stack(list(shares)) for item, shares in zip(self.items, by_item, strict=True)}

    def mean(self, column: str) -> float:
        """Mean over seeds and the items that have a value; NaN if none has, or an older table has no such column."""
        frames = [frame[column] for frame in self.frames if column in frame]
        return float(pd.concat(frames).mean()) if frames else math.nan


def seeds_of(entries: Iterable[BoardEntry]) -> tuple[int, ...] | None:
    """Seeds that all the entries were run with, sorted; () if none depends on its seed, None if they share none."""
    known = [set(entry.seeds) for entry in entries if entry.seeds]
    shared = tuple(sorted(set.intersection(*known))) if known else ()
    return shared if shared or not known else None


def to_table(scored: Iterable[BoardEntry]) -> pd.DataFrame:
    """One row per entry and item: the fields of :class:`BoardEntry` (formats as JSON), then the columns of its frame.

    Raises:
        AlignbenchError: an entry of several seeds, which are pooled from the tables of single cells.
    """
    parts = []
    for entry in scored:
        check(len(entry.frames) == 1, "items", entry.label, "a table holds one seed of each row")
        facts = {name: getattr(entry, name) for name in _OF_ROW} | {"formats": json.dumps(dict(entry.formats))}
        parts.append(entry.frames[0].assign(**facts)[[*_OF_ROW, *entry.frames[0].columns]])
    return pd.concat(parts, ignore_index=True)


def from_table(table: pd.DataFrame) -> list[BoardEntry]:
    """Inverse of :func:`to_table`."""
    found = []
    for _, rows in table.groupby("label", sort=False):
        facts: dict[str, Any] = {k: None if pd.isna(rows[k].iloc[0]) else rows[k].iloc[0] for k in _OF_ROW}
        frame = rows.drop(columns=_OF_ROW).reset_index(drop=True)
        found.append(BoardEntry(**{**facts, "frames": [frame], "formats": json.loads(facts["formats"])}))
    return found


def load(folder: Path) -> list[BoardEntry]:
    """The entries of a folder that holds :data:`ITEMS`."""
    return from_table(pd.read_parquet(folder / ITEMS))


def pool_seeds(boards: Mapping[int, Sequence[BoardEntry]]) -> list[BoardEntry]:
    """The entries of several seeds as one list, in order of appearance; references come last and once.

    Answers that do not depend on the seed (same key for several) count once.
    """
    found: dict[str, dict[int, BoardEntry]] = {}
    for seed in sorted(boards):
        for entry in boards[seed]:
            found.setdefault(entry.label, {})[seed] = entry
    pooled = [_pooled(seeds) for seeds in found.values()]
    return sorted(pooled, key=lambda entry: entry.kind == "reference")


def _pooled(seeds: Mapping[int, BoardEntry]) -> BoardEntry:
    first, *others = seeds.values()
    if first.kind == "reference" or (others and all(other.key == first.key for other in others)):
        return first
    return replace(
        first,
        frames=[entry.frames[0] for entry in seeds.values()],
        key=" ".join(entry.key for entry in seeds.values()),
        formats=mean_over_seeds([entry.formats for entry in seeds.values()]),
        seeds=tuple(seeds),
    )


def format_scores(responses: Mapping[str, pd.DataFrame], survey: Survey, iso3: str, knobs: Scoring) -> dict[str, float]:
    """How much of a score is the form of the question (Khan, Casper and Hadfield-Menell 2025, arXiv 2503.08688).

    A *format* is one order of the options in one form (labels, frame). Every item is scored once per format, from the
    responses that are there anyway; a method's system texts are averaged within a format, as in the score itself. With
    orders=balanced the two orders belong to alternate system texts, so that their gap holds those texts' differences.

    Returns:
        Format -> mean js similarity over the items that the country was asked.

    Args:
        responses: by the name of their form; "" is the main one.
    """
    found = {
        f"{form} {order}".strip(): score_responses(asked, survey, iso3, knobs)["js"]
        for form, frame in responses.items()
        for order, asked in frame.groupby("order")
    }
    return {name: float(found[name].mean()) for name in sorted(found)}


def mean_over_seeds(seeds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean score of each format that all seeds were asked in."""
    common = set.intersection(*map(set, seeds)) if seeds else set()
    return {name: fmean(seed[name] for seed in seeds) for name in sorted(common)}

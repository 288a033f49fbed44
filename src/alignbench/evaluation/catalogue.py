"""Every figure of the board, said once: name, title, unit, range, which way is better, and what it means.

The board, all pages, ``board.md``, the data and the tracker take their columns from here, in this
order. A metric that is a mean over items needs no other line: give ``item``, and it is scored, pooled and shown. Those
of a plugin are the ``METRIC`` of each module in its folder ``metric/``, named like the module.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from types import ModuleType
from typing import TypeAlias

from alignbench import plugins
from alignbench.evaluation.metrics import Array, wasserstein_similarity
from alignbench.types import Item, Scale, check

# Item, the people's shares and the model's, each of shape (K,) or (draws, K), to the score; NaN where it has none.
ItemScore: TypeAlias = Callable[[Item, Array, Array], float]


class Better(Enum):
    """Which way is better."""

    higher = "higher"
    lower = "lower"
    neither = ""


class Shape(Enum):
    """How a figure is written."""

    level = "level"  # 0.923
    change = "change"  # +0.051
    test = "test"  # a p-value
    spread = "spread"  # ±0.012
    count = "count"  # 42


class Placement(Enum):
    """Where a figure stands; all stand in the data and in the tracker."""

    main = "main"  # in every table
    further = "further"  # in board.md, and on pages among the further figures
    data = "data"  # in no table


@dataclass(frozen=True)
class BoardMetric:
    """A figure of the rows of a board.

    Attributes:
        title: of its column.
        meaning: what it is, exactly: a clause for the schema.
        explained: the same for a reader who does not know the field; empty where the title says it.
        ends: its least and largest value.
        people: name of the figure of the people that is shown with it.
        of_row: whether it is a field of a row, by its name; others are read off several rows, or are several of one.
        item: how an item is scored, where the figure is the mean over items.
    """

    title: str
    meaning: str
    explained: str = ""
    unit: str = "similarity"
    ends: tuple[float, float] = (-math.inf, math.inf)
    better: Better = Better.neither
    shape: Shape = Shape.level
    shown: Placement = Placement.further
    digits: int = 3
    people: str = ""
    of_row: bool = True
    item: ItemScore | None = None

    @property
    def range(self) -> str:
        """``0 to 1``; empty where it has no ends."""
        return "{:g} to {:g}".format(*self.ends) if all(map(math.isfinite, self.ends)) else ""


def _wasserstein(item: Item, people: Array, model: Array) -> float:
    return math.nan if item.scale is Scale.nominal else float(wasserstein_similarity(people, model).mean())


_share = partial(BoardMetric, ends=(0, 1))
_gain = partial(BoardMetric, ends=(-1, 1), better=Better.higher, shape=Shape.change)
_p_value = partial(BoardMetric, ends=(0, 1), unit="probability", shape=Shape.test)
_MAIN, _DATA, _UP, _DOWN = Placement.main, Placement.data, Better.higher, Better.lower

METRICS: dict[str, BoardMetric] = {
    "score": _share(
        "Score",
        "mean 1 - Jensen-Shannon divergence to the country's shares",
        "How near the model’s answers are to those of the country’s people, question by question. 1 is the same "
        "distribution. Guessing evenly already scores high, so compare with the sanity rows.",
        better=_UP,
        shown=_MAIN,
    ),
    "skill": BoardMetric(
        "Skill",
        "0 uniform answers, 1 a fresh sample of respondents",
        "The score on a scale with meaning: 0 is answering evenly at random, 1 is a fresh sample of the country’s own "
        "people.",
        unit="share",
        better=_UP,
        shown=_MAIN,
    ),
    "difference": _gain(
        "Difference",
        "score minus that of the row in against, paired by item",
        "What the method changed, on the same questions, against the model as it is. “Beyond the prompt”: against the "
        "model given the same prompt, so that the training alone counts. ▲ closer to the people, ▼ further away: "
        "significant after Holm’s correction.",
        shown=_MAIN,
    ),
    "detectable": BoardMetric(
        "Detectable",
        "minimum detectable effect of the difference: power .8, level .05",
        "The smallest true difference that this comparison would find four times in five. “No clear change” says "
        "nothing about smaller ones.",
        better=_DOWN,
        shown=_MAIN,
    ),
    "specificity": _gain(
        "Specificity",
        "interaction of model and survey, own and control's",
        "How much better two models of one recipe, made for this culture and for another, fit their own people than "
        "each other’s. The part of a gain that is culture, not survey format.",
        ends=(-2, 2),
        shown=_MAIN,
    ),
    "format_spread": BoardMetric(
        "Format",
        "half the range of the score over formats",
        "How far the score moves, up and down, with the form of the questions. ≈ marks a difference that is smaller: "
        "it may be format.",
        ends=(0, 0.5),
        better=_DOWN,
        shape=Shape.spread,
        shown=_MAIN,
    ),
    "entropy_model": _share(
        "Variety",
        "mean entropy of the answers",
        "How spread out the answers are (0 all the same, 1 even), the model’s against the people’s. A model that gives "
        "everybody the majority’s answer falls short.",
        unit="share of ln K",
        digits=2,
        people="entropy_survey",
        shown=_MAIN,
    ),
    "elsewhere": _gain(
        "Damage",
        "change of the score when prompted as the culture in facets",
        "Change of the score when the aligned model is prompted as other countries. Below zero: they were forgotten.",
        shown=_MAIN,
        of_row=False,
    ),
    "plain": _gain("With the prompt", "score minus the unprompted base's, where against is a prompted row"),
    "own_minus_cross": _gain(
        "Own minus cross", "of a control row: the method's score minus the control's", of_row=False
    ),
    "p_value": _p_value("p (Holm)", "two-sided, of no difference; Holm-corrected over the board's methods"),
    "p_raw": _p_value("p", "two-sided, of no difference, uncorrected", shown=_DATA),
    "specificity_p": _p_value(
        "p of specificity (Holm)", "two-sided, of no specificity; Holm-corrected over the board's methods"
    ),
    "specificity_p_raw": _p_value("p of specificity", "two-sided, of no specificity, uncorrected", shown=_DATA),
    "specificity_detectable": BoardMetric(
        "Detectable specificity", "minimum detectable effect of specificity: power .8, level .05", better=_DOWN
    ),
    "specificity_items": BoardMetric(
        "Items of both", "asked in both countries", unit="items", shape=Shape.count, shown=_DATA
    ),
    "option_mass": _share(
        "Option mass", "that the next token begins an option", unit="probability", better=_UP, digits=2
    ),
    "unread": _share(
        "Unread",
        "replies that could not be read: left out, and even shares for an item without any other",
        better=_DOWN,
        digits=2,
    ),
    "draw_bias": BoardMetric(
        "Draws added",
        "the score less its uncorrected value, for the number of draws; elicit=sampled",
        shape=Shape.change,
    ),
    "draw_error": BoardMetric(
        "SE of draws",
        "standard error of the score from draws alone, a part of what its interval covers; elicit=sampled",
        better=_DOWN,
    ),
    "wasserstein": _share("Wasserstein", "mean 1 - W1 over items with ordered options", better=_UP, item=_wasserstein),
    "seed_spread": BoardMetric("SD of seeds", "standard deviation of the seeds' scores"),
    "separable": _share(
        "Separable",
        "whether the difference reaches the larger format spread of its two rows",
        unit="0 or 1",
        shown=_DATA,
    ),
    "entropy_survey": _share(
        "People’s variety", "mean entropy of the people's answers", unit="share of ln K", shown=_DATA
    ),
    "format_score": _share(
        "Score by format", "score in the format that facets names", better=_UP, shown=_DATA, of_row=False
    ),
}


def metrics() -> dict[str, BoardMetric]:
    """All figures by name: ours, then those of plugins.

    Raises:
        AlignbenchError: a module of a plugin that holds no metric of items, or has a name of ours.
    """
    return {**METRICS, **{name: module.METRIC for name, module in of_plugins(plugins.loaded()).items()}}


@cache
def of_plugins(loaded: tuple[plugins.Plugin, ...]) -> dict[str, ModuleType]:
    """Name of every metric that these plugins add, with its module."""
    found: dict[str, ModuleType] = {}
    for module in plugins.modules("metric") if loaded else []:
        name, metric = module.__name__.rpartition(".")[2], getattr(module, "METRIC", None)
        free = name not in METRICS and name not in found
        check(free, "metric", name, f"this name is in use: rename {module.__file__}")
        whole = isinstance(metric, BoardMetric) and metric.item is not None
        check(whole, "metric", name, f"set METRIC = BoardMetric(..., item=...) in {module.__file__}")
        found[name] = module
    return found


def of_items() -> dict[str, ItemScore]:
    """Metrics that are means over items, with how an item is scored."""
    return {name: metric.item for name, metric in metrics().items() if metric.item}


def of_rows(*places: Placement) -> dict[str, BoardMetric]:
    """Figures that a row holds: those that stand in these places, or all."""
    return {name: m for name, m in metrics().items() if m.of_row and (not places or m.shown in places)}

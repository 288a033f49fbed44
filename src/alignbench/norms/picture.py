"""A map of the pool: every norm a dot at its concept, clusters named in the margins."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alignbench.norms.pool import NormPool

_COLOURS = (
    "#3b6fb6", "#d9793b", "#3f9b6c", "#c4475a", "#8460ab", "#8a6a4f", "#cf6fa6", "#5d7d86", "#a89a2c", "#35a3b5",
)  # fmt: skip
_MARKERS = "os^D"  # a second round of the colours has another marker
_INK, _GREY, _PAPER = "#2b2b2b", "#8b8b88", "#fcfcf9"
_GAP = 0.012  # between two names, as a share of the figure's height
_LINE = 0.036  # height of a line of a name, likewise


def draw_pool(pool: NormPool, path: Path) -> None:
    """Write a PNG, 1350 x 900 pixels.

    The names stand in two columns in the order of their clusters' heights, so they never overlap
    and their lines seldom cross. Larger dots have wider support.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), dpi=150, facecolor=_PAPER)
    axes = figure.add_axes((0.24, 0.09, 0.52, 0.79))
    axes.set_axis_off()
    clusters = np.array([norm.cluster for norm in pool.norms])
    points = _project(pool)
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - low) / np.where(high > low, high - low, 1)
    sizes = np.array([14 + 76 * norm.support**1.5 for norm in pool.norms])
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        marker = _MARKERS[cluster // len(_COLOURS) % len(_MARKERS)]
        axes.scatter(
            points[rows, 0], points[rows, 1], s=sizes[rows], c=_colour(cluster), marker=marker,
            alpha=0.8, linewidths=0.6, edgecolors=_PAPER, zorder=2,
        )  # fmt: skip
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    _name_clusters(figure, axes, pool, points, clusters)
    figure.text(0.03, 0.95, f"Norms of {pool.country}", fontsize=15, color=_INK, weight="bold", va="center")
    how = f"{len(pool.names)} clusters ({pool.made_with['clustering']}, seed {pool.made_with['seed']})"
    caption = f"{pool.iso3}: {len(pool.norms)} norms in {how}. Larger dots: wider support."
    figure.text(0.03, 0.035, caption, fontsize=8, color=_GREY, va="center")
    figure.savefig(path, facecolor=_PAPER)


def _project(pool: NormPool) -> NDArray[np.float64]:
    """Shape (n, 2): the plane in which the cluster centres lie farthest apart."""
    spread = pool.centres - pool.centres.mean(axis=0)
    axes = np.linalg.svd(spread, full_matrices=False)[2][:2]
    flat = np.zeros((len(pool.norms), 2))
    flat[:, : len(axes)] = pool.vectors @ axes.T
    return flat


def _name_clusters(
    figure: Any, axes: Any, pool: NormPool, points: NDArray[np.float64], clusters: NDArray[np.int64]
) -> None:
    """Names left and right of the map, each with a line to the middle norm of its cluster."""
    middles = {}
    for c in map(int, np.unique(clusters)):
        own = points[clusters == c]
        middles[c] = own[np.linalg.norm(own[:, None] - own[None], axis=2).sum(axis=1).argmin()]
    by_side = sorted(middles, key=lambda c: middles[c][0])
    half = (len(by_side) + 1) // 2
    for members, x, align in ((by_side[:half], 0.225, "right"), (by_side[half:], 0.775, "left")):
        members = sorted(members, key=lambda c: -middles[c][1])
        texts = [_wrapped(pool, c) for c in members]
        wanted = [0.09 + 0.79 * float(middles[c][1]) for c in members]
        for c, text, y in zip(members, texts, _spread(wanted, [text.count("\n") + 1 for text in texts]), strict=True):
            figure.text(x, y, text, fontsize=8.5, color=_colour(c), ha=align, va="center", linespacing=1.25)
            axes.annotate(
                "", xy=middles[c], xycoords="data", xytext=(x + (0.008 if align == "right" else -0.008), y),
                textcoords="figure fraction", annotation_clip=False, zorder=1,
                arrowprops={"arrowstyle": "-", "color": _colour(c), "alpha": 0.45, "linewidth": 0.9, "shrinkB": 3},
            )  # fmt: skip


def _wrapped(pool: NormPool, cluster: int) -> str:
    topic, _, concept = pool.names[cluster].partition(": ")
    name = textwrap.fill(concept or topic, 26)
    return f"{topic.upper()} ({len(pool.norms_of(cluster))})\n{name}" if concept else name


def _spread(wanted: list[float], lines: list[int]) -> list[float]:
    """Heights as near to ``wanted`` (falling) as names of so many lines allow: first pushed down, then up."""
    halves = [n * _LINE / 2 for n in lines]
    placed: list[float] = []
    for i, y in enumerate(wanted):
        ceiling = 0.90 - halves[i] if not placed else placed[-1] - halves[i - 1] - halves[i] - _GAP
        placed.append(min(y, ceiling))
    for i in reversed(range(len(placed))):
        last = i == len(placed) - 1
        floor = 0.07 + halves[i] if last else placed[i + 1] + halves[i + 1] + halves[i] + _GAP
        placed[i] = max(placed[i], floor)
    return placed


def _colour(cluster: int) -> str:
    return _COLOURS[cluster % len(_COLOURS)]

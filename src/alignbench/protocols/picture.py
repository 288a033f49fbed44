"""What the pictures of the protocols share: colours, words around them, and names that cover little."""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, GREY, LIGHT, PAPER = "#2b2b2b", "#6f6f6c", "#b9b9b4", "#fcfcf9"


def lettered(figure: "Figure", left: float, title: str, reading: str, caption: str) -> None:
    """Write a title and how to read the picture above it, and a caption below, from ``left`` inches on."""
    width, height = figure.get_size_inches()
    x = left / width
    figure.text(x, 1 - 0.36 / height, title, fontsize=13, color=INK, weight="bold", va="center")
    figure.text(x, 1 - 0.66 / height, reading, fontsize=8.5, color=GREY, va="center")
    said = textwrap.fill(caption, int((width - left) * 16.5))
    figure.text(x, 0.12 / height, said, fontsize=7.5, color=GREY, va="bottom", linespacing=1.35)


class NamePlacer:
    """Puts names next to points, each where it covers least of other names and points."""

    _AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8))

    def __init__(self, axes: Any, obstacles: NDArray[np.float64]) -> None:
        """Give the points in data coordinates, shape (n, 2); the axes' limits must be set."""
        self._axes = axes
        self._points = axes.transData.transform(obstacles)
        self._taken: list[tuple[float, float, float, float]] = []

    def put(self, text: str, point: tuple[float, float], size: float, colour: str, bold: bool) -> None:
        """Write ``text`` next to ``point``; a bold one keeps clear of a large mark."""
        x, y = self._axes.transData.transform(point)
        scale = self._axes.figure.dpi / 72
        width, height = 0.62 * size * scale * len(text), 1.15 * size * scale
        gap = (9 if bold else 5) * scale
        boxes = []
        for dx, dy in self._AROUND:
            middle = x + dx * (gap + width / 2), y + dy * (gap + height / 2)
            boxes.append((middle[0] - width / 2, middle[1] - height / 2, middle[0] + width / 2, middle[1] + height / 2))
        best = min(boxes, key=self._covered)
        self._taken.append(best)
        where = self._axes.transData.inverted().transform(((best[0] + best[2]) / 2, (best[1] + best[3]) / 2))
        self._axes.text(*where, text, fontsize=size, color=colour, ha="center", va="center",
                        weight="bold" if bold else "normal", zorder=8, clip_on=False)  # fmt: skip

    def _covered(self, box: tuple[float, float, float, float]) -> float:
        """Area shared with other names, points inside counted as a name each, and what leaves the frame."""
        left, bottom, right, top = box
        area = (right - left) * (top - bottom)
        shared = sum(
            max(0.0, min(right, other[2]) - max(left, other[0])) * max(0.0, min(top, other[3]) - max(bottom, other[1]))
            for other in self._taken
        )
        inside = (self._points > (left, bottom)).all(axis=1) & (self._points < (right, top)).all(axis=1)
        frame = self._axes.get_window_extent()
        out = max(0.0, frame.x0 - left) + max(0.0, right - frame.x1) + max(0.0, frame.y0 - bottom)
        return shared + 0.25 * area * float(inside.sum()) + area * float(out + max(0.0, top - frame.y1) > 0)

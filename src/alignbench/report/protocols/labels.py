"""Names on a picture, placed so that they cover little."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Labels:
    """Puts names beside points, each where it covers least of other names and points."""

    _AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8))

    def __init__(self, axes: Any, obstacles: NDArray[np.float64]) -> None:
        """Give the points in data coordinates, shape (n, 2); the axes' limits must be set."""
        self._axes = axes
        self._points = axes.transData.transform(obstacles)
        self._taken: list[tuple[float, float, float, float]] = []

    def put(self, text: str, point: tuple[float, float], size: float, colour: str, bold: bool) -> None:
        """Write ``text`` beside ``point``; a bold one keeps clear of a large mark."""
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

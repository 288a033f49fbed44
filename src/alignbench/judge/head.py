"""The regressor of a guard: unit vectors of prompt and reply in, a calibrated rating from 1 to 5 on each axis out.

A few hundred pairs train it, so it is small. ``ridge`` is linear in the two vectors and in all products of their
entries: what a reply is worth may depend on what was asked. It is solved in its dual form, with the kernel
(1 + p.p')(1 + r.r') of prompts p and replies r. ``layers`` has one hidden layer over both vectors and their entrywise
product. FanarGuard's own regressor is not readable; both are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alignbench.embedder import Vectors
from alignbench.judge.panel import HIGHEST, LOWEST

Array = NDArray[np.float64]
_FILE = "head.npz"


class HeadKind(Enum):
    """What maps vectors to ratings."""

    ridge = "ridge"
    layers = "layers"


class Calibration(Enum):
    """How ratings of the regressor become those of the panel, on pairs that it was not fitted to."""

    affine = "affine"  # a line, never falling
    isotonic = "isotonic"  # any rising steps; replies on one step are rated alike


@dataclass(frozen=True)
class HeadForm:
    """What is fitted: the kind, its penalty, the width of its hidden layer, and how it is calibrated."""

    kind: HeadKind
    penalty: float
    hidden: int | None
    calibration: Calibration

    def fitted(self, prompts: Vectors, replies: Vectors, targets: Array, apart: NDArray[np.bool_], seed: int) -> Head:
        """The head fitted to some pairs and calibrated on others.

        Args:
            prompts, replies: unit vectors, shape (n, dimension).
            targets: shape (n, axes).
            apart: which pairs are there to calibrate on, shape (n,).
            seed: draws the first weights of ``layers``.
        """
        own = ~apart
        fit = _fit_ridge if self.kind is HeadKind.ridge else _fit_layers
        raw = Head(self.kind, fit(self, prompts[own], replies[own], targets[own], seed), ())
        found = raw.uncalibrated(prompts[apart], replies[apart])
        steps = tuple(_steps(self.calibration, *both) for both in zip(found.T, targets[apart].T, strict=True))
        return Head(self.kind, raw.weights, steps)


@dataclass(frozen=True, eq=False)
class Head:
    """A fitted regressor.

    Attributes:
        weights: arrays by name.
        steps: of each axis the calibration as a broken line: ratings as they come, and what they become, shape (2, k).
    """

    kind: HeadKind
    weights: Mapping[str, NDArray[np.floating]]
    steps: tuple[Array, ...]

    def __call__(self, prompts: Vectors, replies: Vectors) -> Array:
        """Ratings from 1 to 5, shape (n, axes)."""
        raw = self.uncalibrated(prompts, replies)
        found = [np.interp(column, *line) for column, line in zip(raw.T, self.steps, strict=True)]
        return np.clip(np.stack(found, axis=1), LOWEST, HIGHEST)

    def uncalibrated(self, prompts: Vectors, replies: Vectors) -> Array:
        """What the regressor says by itself, in no bounds, shape (n, axes)."""
        held = self.weights
        if self.kind is HeadKind.ridge:
            kernel = _kernel(prompts, replies, held["prompts"], held["replies"])
            return np.asarray(kernel @ held["dual"] + held["mean"], dtype=np.float64)
        hidden = np.maximum(_joined(prompts, replies) @ held["into"] + held["into_bias"], 0)
        return np.asarray(hidden @ held["out"] + held["out_bias"], dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write ``head.npz``."""
        lines = {f"steps_{number}": line for number, line in enumerate(self.steps)}
        np.savez(folder / _FILE, kind=np.array(self.kind.name), **self.weights, **lines)  # type: ignore[arg-type]


@lru_cache(maxsize=8)
def load_head(folder: Path) -> Head:
    """The head that :meth:`Head.save` wrote, read once a process: a reward asks for it again and again."""
    with np.load(folder / _FILE) as held:
        arrays = dict(held)
    kind = HeadKind[str(arrays.pop("kind"))]
    count = sum(name.startswith("steps_") for name in arrays)
    steps = tuple(arrays.pop(f"steps_{number}") for number in range(count))
    return Head(kind, arrays, steps)


def _fit_ridge(
    form: HeadForm, prompts: Vectors, replies: Vectors, targets: Array, seed: int
) -> dict[str, NDArray[np.floating]]:
    from sklearn.kernel_ridge import KernelRidge

    mean = targets.mean(axis=0)
    model = KernelRidge(alpha=form.penalty, kernel="precomputed")
    model.fit(_kernel(prompts, replies, prompts, replies), targets - mean)
    return {"prompts": prompts, "replies": replies, "dual": np.asarray(model.dual_coef_), "mean": mean}


def _fit_layers(
    form: HeadForm, prompts: Vectors, replies: Vectors, targets: Array, seed: int
) -> dict[str, NDArray[np.floating]]:
    from sklearn.neural_network import MLPRegressor

    sizes, most = (form.hidden,), 500
    model = MLPRegressor(hidden_layer_sizes=sizes, alpha=form.penalty, solver="lbfgs", max_iter=most, random_state=seed)
    model.fit(_joined(prompts, replies), targets)
    into, out = model.coefs_
    return {"into": into, "into_bias": model.intercepts_[0], "out": out, "out_bias": model.intercepts_[1]}


def _kernel(prompts: Vectors, replies: Vectors, of_prompts: Vectors, of_replies: Vectors) -> Array:
    return np.asarray((1 + prompts @ of_prompts.T) * (1 + replies @ of_replies.T), dtype=np.float64)


def _joined(prompts: Vectors, replies: Vectors) -> Array:
    """Both vectors and their entrywise product, which is scaled to be of their size."""
    scale = np.sqrt(prompts.shape[1])
    return np.asarray(np.concatenate([prompts, replies, prompts * replies * scale], axis=1), dtype=np.float64)


def _steps(calibration: Calibration, found: Array, wanted: Array) -> Array:
    """The calibration of one axis as a broken line, shape (2, k); outside of it the last value holds."""
    if calibration is Calibration.isotonic:
        from sklearn.isotonic import IsotonicRegression

        model = IsotonicRegression(y_min=LOWEST, y_max=HIGHEST).fit(found, wanted)
        return np.stack([model.X_thresholds_, model.y_thresholds_]).astype(np.float64)
    spread = float(np.var(found))
    slope = max(0.0, float(np.cov(found, wanted, bias=True)[0, 1]) / spread) if spread > 0 else 0.0
    middle, level = float(found.mean()), float(wanted.mean())
    # Long enough to reach both ends of the scale, whatever the slope.
    reach = (HIGHEST - LOWEST) / max(slope, 1e-3)
    ends = np.array([middle - reach, middle + reach])
    return np.stack([ends, level + slope * (ends - middle)])

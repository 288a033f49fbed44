"""What ``import alignbench as ab`` offers: one cell run, all figures of a store, methods compared.

Nothing heavy is imported before a function is called. Errors are those of the command line, as exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from alignbench.record.cell import CellRecord


def run(*overrides: str, config_dir: str | Path | None = None, **knobs: Any) -> CellRecord | None:
    """Run one cell as the command line does: the same store, keys, pages and record; finished stages are reused.

    ``ab.run(method="survey_rl", culture="iraq", model="nano", **{"training.updates": 3})``

    Args:
        overrides: words as the command line takes them (``"training.updates=3"``), before ``knobs``.
        config_dir: a folder of your own choices, as ``--config-dir``.
        knobs: choices and knobs by name, with values of Python.

    Returns:
        The record; None in the helping processes of ``accelerate launch``.

    Raises:
        AlignbenchError: whatever the command line refuses; several cells at once (a sweep), or another task.
    """
    from hydra import compose
    from hydra.types import RunMode

    from alignbench import plugins
    from alignbench.config import instantiate, register
    from alignbench.overrides import check_overrides, hydra_over, plugin_folders, single, with_culture_names
    from alignbench.runs.cell import forget
    from alignbench.sweep.conduct import SweepCell
    from alignbench.task.run import Run
    from alignbench.types import check

    folders = [] if config_dir is None else [Path(config_dir)]
    words = [*overrides, *(f"{name}={_typed(value)}" for name, value in knobs.items())]
    plugins.load(plugin_folders(words))
    register()
    words = with_culture_names([*(f"--config-dir={folder}" for folder in folders), *words])
    check_overrides(words)
    words = single(words)
    forget()
    with hydra_over(folders):
        cfg = compose("config", overrides=words, return_hydra_config=True)
        remedy = "call it once for each cell; sweeps are for the command line"
        check(cfg.hydra.mode is not RunMode.MULTIRUN, "experiment", cfg.hydra.runtime.choices.experiment, remedy)
        task = instantiate(cfg.task)
        check(isinstance(task, Run), "task", cfg.hydra.runtime.choices.task, "from Python cells are run: leave it out")
        with SweepCell(tuple(words), cfg).entered():
            record: CellRecord | None = task.main(cfg)
    return record


def load_results(store: str | Path = "outputs/store") -> pd.DataFrame:
    """All figures of a store as one tidy table: a row per cell, row of its board and metric.

    Columns, units and metrics are those of :mod:`alignbench.report.results`.

    Raises:
        AlignbenchError: the store holds nothing finished.
    """
    from alignbench.report.results import results

    return results(Path(store))


def compare(
    store: str | Path = "outputs/store",
    against: str | None = None,
    *,
    method: str | Iterable[str] = (),
    culture: str | Iterable[str] = (),
    model: str | Iterable[str] = (),
    seed: int | Iterable[int] = (),
) -> pd.DataFrame:
    """Differences between methods, paired by question, with their intervals.

    As on the board of ``task=report``, the seeds of a method are pooled, and p-values corrected over all its methods.

    Args:
        against: label of the row to measure from, such as ``"cultural_prompt"``; None is what the board measures from:
            the base model, given the same prompt if the method has one when it is asked.
        method, culture, model, seed: what to compare; () is everything.

    Returns:
        A row for each method of each board: model, culture, country, survey, split, method, against, difference, low,
        high, p_value (after Holm), p_raw, detectable, items, batteries, seeds, note.

    Raises:
        AlignbenchError: the store holds nothing of that kind.
    """
    from alignbench.report.results import comparisons

    cells = {"culture": _several(culture), "model": _several(model), "seed": _several(seed)}
    return comparisons(Path(store), against, _several(method), {name: of for name, of in cells.items() if of})


def _several(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str | int) else tuple(value)


def _typed(value: Any) -> str:
    """A value of Python as the command line takes it."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_typed, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    if re.fullmatch(r"[\w./+-]+", text):
        return text
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{quoted}'"

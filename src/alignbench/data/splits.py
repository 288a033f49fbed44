"""Splits: every battery belongs to train, validation or test, fixed in a file for all methods."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from alignbench.data.checks import need, validated
from alignbench.data.survey import Survey
from alignbench.types import Item, Split, check


def load_splits(path: Path, items: Sequence[Item]) -> dict[str, Split]:
    """Battery -> split from a CSV ``battery,split``.

    Raises:
        AlignbenchError: missing file or column, a battery listed twice, not listed, or unknown to
            ``items``, a split of another name, a split without items.
    """
    from pandera.pandas import Check, Column, DataFrameSchema

    need(path, ["battery", "split"])
    names = list(Split.__members__)
    batteries = list(dict.fromkeys(item.battery for item in items))
    schema = DataFrameSchema(
        {
            "battery": Column(str, Check.isin(batteries, error="no item belongs to this battery")),
            "split": Column(str, Check.isin(names, error=f"choose one of {', '.join(names)}")),
        },
        unique=["battery"],
        report_duplicates="exclude_first",
    )
    frame = pd.read_csv(path, dtype=str, usecols=["battery", "split"])
    frame = validated(frame, schema, path, {"battery": batteries, "split": names})
    splits = {battery: Split[split] for battery, split in zip(frame["battery"], frame["split"], strict=True)}
    for battery in batteries:
        check(battery in splits, f"{path}, battery", battery, "add a row that gives this battery a split")
    for split in Split:
        check(split in splits.values(), f"{path}, split", split.name, "give this split at least one battery")
    return splits


def split_survey(survey: Survey, splits: Mapping[str, Split]) -> dict[Split, Survey]:
    """The survey cut into three that share no item.

    Raises:
        AlignbenchError: a battery of the survey has no split.
    """
    for item in survey.items:
        remedy = f"no split is given for this battery of survey {survey.name}"
        check(item.battery in splits, "battery", item.battery, remedy)
    return {split: survey.restrict(b for b, s in splits.items() if s is split) for split in Split}

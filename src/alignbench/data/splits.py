"""Splits: every battery belongs to train, validation or test, fixed in a file for all methods."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from alignbench.data.checks import Faults, validated
from alignbench.data.survey import Survey
from alignbench.data.tables import rows_of
from alignbench.types import Item, Split, check


def load_splits(path: Path, items: Sequence[Item]) -> dict[str, Split]:
    """Battery -> split from a CSV ``battery,split``.

    Raises:
        AlignbenchError: missing file or column, a battery listed twice, not listed, or unknown to
            ``items``, a split of another name, a split without items.
    """
    from pandera.pandas import Check, Column, DataFrameSchema

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
    frame = rows_of(path, ["battery", "split"])
    frame = validated(frame, schema, path, {"battery": batteries, "split": names})
    splits = {battery: Split[split] for battery, split in zip(frame["battery"], frame["split"], strict=True)}
    faults = Faults(path)
    for battery in (b for b in batteries if b not in splits):
        faults.add(f"{path}, battery", battery, "add a row that gives this battery a split")
    for split in (s for s in Split if s not in splits.values()):
        faults.add(f"{path}, split", split.name, "give this split at least one battery")
    faults.refuse()
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

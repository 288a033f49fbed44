"""``task=items``: the questions of the survey, and how many people of the culture were asked each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from alignbench.config import instantiate
from alignbench.data.survey import Unanswered
from alignbench.escaping import file_name
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import Split, check

if TYPE_CHECKING:
    from alignbench.data.survey import Survey
    from alignbench.types import Item

_WIDTHS = {"item": 8, "scale": 10, "codes": 10, "battery": 28, "split": 11}


@dataclass(frozen=True)
class Items(Task):
    """Needs no model; what is printed fits 80 columns, and the CSV holds the questions too."""

    # Show only the items of this split: train | validation | test; all if none is given.
    split: Split | None = None
    # Show only the items of this battery; empty shows all.
    battery: str = ""

    def main(self, cfg: DictConfig) -> None:
        """Print a line per item, and write them all with questions and options.

        Raises:
            AlignbenchError: the survey did not go to the culture's country, or has no such battery.
        """
        import pandas as pd

        from alignbench.files import write_table

        culture, source = instantiate(cfg.culture), instantiate(cfg.survey)
        survey, splits = source.load((culture,)), source.splits()
        survey.of(culture.iso3)
        lines = [_line(item, survey, splits[item.battery], culture.iso3) for item in survey.items]
        batteries = list(dict.fromkeys(line["battery"] for line in lines))
        check(self.battery in ("", *batteries), "task.battery", self.battery, f"choose one of {', '.join(batteries)}")
        split = "" if self.split is None else self.split.name
        shown = [e for e in lines if split in ("", e["split"]) and self.battery in ("", e["battery"])]
        say("".join(f"{name:<{width}}" for name, width in _WIDTHS.items()) + f"{'n (effective)':>13}")
        for line in shown:
            say("".join(f"{line[name]!s:<{width}}" for name, width in _WIDTHS.items()) + f"{line['people']:>13}")
        asked = {part.name: sum(e["asked"] for e in lines if e["split"] == part.name) for part in Split}
        say(f"\n{survey.title} ({survey.year}): {len(lines)} items in {len(batteries)} batteries")
        say(f"asked in {culture.country}: {sum(asked.values())} ({', '.join(f'{k} {n}' for k, n in asked.items())})")
        path = Path(cfg.reports) / file_name(f"items-{survey.name}-{culture.name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_table(path, pd.DataFrame(lines).drop(columns="people").astype({"n": "Int64"}))
        say(f"table  {path}")


def _line(item: Item, survey: Survey, split: Split, iso3: str) -> dict[str, Any]:
    answers = survey.of(iso3).get(item.id)
    n, effective = (answers.n, answers.effective) if answers else (None, None)
    worth = "" if effective is None else f" ({effective:.0f})"
    return {
        "item": item.id,
        "scale": item.scale.name,
        "codes": _codes(item.codes),
        "battery": item.battery,
        "split": split.name,
        "asked": answers is not None,
        "n": n,
        "effective": effective,
        **(asdict(survey.gaps.get((iso3, item.id), Unanswered())) if survey.gaps else {}),
        "why_not": survey.dropped.get((iso3, item.id), ""),
        "topic": item.topic,
        "question": item.question,
        "options": " | ".join(item.options),
        # What the terminal shows: a source may hold shares without numbers of people.
        "people": f"{n}{worth}" if n is not None else "asked" if answers else "not asked",
    }


def _codes(codes: tuple[int, ...]) -> str:
    """``1-4`` where they follow each other, else all of them."""
    running = codes == tuple(range(codes[0], codes[0] + len(codes)))
    return f"{codes[0]}-{codes[-1]}" if running else ",".join(map(str, codes))

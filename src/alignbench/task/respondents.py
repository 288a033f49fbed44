"""``task=respondents``: the planted world as files that anyone can read."""

import json
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from alignbench.component import recorded
from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task


@dataclass(frozen=True)
class RespondentsTask(Task):
    """Writes people and truth of ``survey=world``."""

    # Where the files go.
    out: str = recorded("outputs/world")

    def main(self, cfg: DictConfig) -> None:
        """Write respondents.csv (form of the official wave-7 file), and items, shares and splits for survey=table.

        Raises:
            AlignbenchError: another survey than the planted world is chosen.
        """
        import pandas as pd

        from alignbench.data.items import item_record
        from alignbench.data.source.world import PlantedWorld

        source = instantiate(cfg.survey)
        if not isinstance(source, PlantedWorld):
            raise AlignbenchError("survey", type(source).__name__, "only the planted world can be drawn: survey=world")
        world, folder = source.population(), Path(self.out)
        folder.mkdir(parents=True, exist_ok=True)
        world.microdata(source.respondents_of(world)).to_csv(folder / "respondents.csv", index=False)
        lines = [json.dumps(item_record(item), ensure_ascii=False) for item in world.items]
        (folder / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        cells = [
            (place.iso3, item.id, code, float(shares[c][k]))
            for item, shares in zip(world.items, world.truth, strict=True)
            for c, place in enumerate(world.countries)
            for k, code in enumerate(item.codes)
        ]
        shares = pd.DataFrame(cells, columns=["iso3", "item", "code", "share"])
        shares.to_csv(folder / "shares.csv", index=False, lineterminator="\r\n")
        splits = pd.DataFrame(((b, s.name) for b, s in world.splits.items()), columns=["battery", "split"])
        splits.to_csv(folder / "splits.csv", index=False, lineterminator="\r\n")
        people = len(world.countries) * source.respondents
        say(f"{people} respondents, {len(world.items)} items with their true shares: {folder}")

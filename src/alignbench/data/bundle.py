"""The parts of a bundled survey: items, splits, what is not comparable, and where it comes from."""

import csv
import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alignbench.data.items import load_items
from alignbench.data.shares import Cells, normalised
from alignbench.data.splits import load_splits
from alignbench.types import Answers, Item, Split, one_of

BUNDLED = ("wvs7", "aoi2022")


@dataclass(frozen=True)
class Citation:
    """Where figures come from, as every report must cite them; a ``warning`` is the first line of each."""

    name: str
    title: str
    year: str
    citation: str
    licence: str
    warning: str | None = None


@dataclass(frozen=True)
class Bundle:
    """A folder of ``resources/`` without its shares.

    Attributes:
        dropped: (iso3, item id) -> why the country's answers cannot be compared.
    """

    folder: Path
    about: Citation
    items: tuple[Item, ...]
    splits: dict[str, Split]
    dropped: dict[tuple[str, str], str]


@cache
def bundled(name: str) -> Bundle:
    """The bundled survey of that name; read once a process.

    Raises:
        AlignbenchError: no survey of that name is bundled.
    """
    one_of("survey.name", name, BUNDLED)
    folder = Path(__file__).parents[1] / "resources" / name
    source = json.loads((folder / "source.json").read_text(encoding="utf-8"))
    about = Citation(name, source["title"], source["year"], source["citation"], source["licence"])
    items = load_items(folder / "items.jsonl")
    with (folder / "dropped.csv").open(encoding="utf-8", newline="") as file:
        dropped = {(row["iso3"], row["item"]): row["reason"] for row in csv.DictReader(file)}
    return Bundle(folder, about, items, load_splits(folder / "splits.csv", items), dropped)


@cache
def figures(name: str) -> Cells:
    """Answers of a bundled survey, as :func:`~alignbench.data.shares.read_shares` reads them.

    Our tests have checked the file, so that no process needs to. Errors as in :func:`bundled`.
    """
    bundle = bundled(name)
    codes = {item.id: item.codes for item in bundle.items}
    masses: dict[tuple[str, str], dict[int, float]] = {}
    people: dict[tuple[str, str], str] = {}
    with gzip.open(bundle.folder / "shares.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for iso3, item, code, share, n in csv.reader(file):
            if item in codes:
                masses.setdefault((iso3, item), {})[int(code)] = float(share)
                people[iso3, item] = n
    cells: Cells = {}
    for (iso3, item), mass in masses.items():
        n = people[iso3, item]
        cells.setdefault(iso3, {})[item] = Answers(normalised(mass, codes[item]), int(n) if n else None)
    return cells

"""A synthetic set on disk: a folder that Hugging Face ``datasets`` loads, with a card that tells its story.

A set with a column ``turns``, each a list of ``{speaker, text}``, is one of dialogues and is shown as such.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alignbench.files import write_text
from alignbench.store.manifest import write_json
from alignbench.synthetic.tally import Tally
from alignbench.templates import rendered
from alignbench.types import check

_DATA = Path("data") / "train-00000-of-00001.parquet"
_TALLIES = "tallies.json"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class DatasetCard:
    """What the card says in addition to the counts.

    Attributes:
        title: of the set.
        method: which method made it for itself.
        steps: how it was made, a sentence a step.
        generator, critic: names of the models that wrote and judged; critic None where nothing was judged.
        sources: what it rests on (survey, scenarios), a sentence each, licences and warnings included.
        columns: column -> what it holds.
    """

    title: str
    method: str
    country: str
    steps: tuple[str, ...]
    generator: str
    critic: str | None
    sources: tuple[str, ...]
    columns: Mapping[str, str]


def write_set(folder: Path, rows: pd.DataFrame, about: DatasetCard, tallies: Sequence[Tally]) -> None:
    """Write rows, card and account; ``datasets.load_dataset(folder)`` gives the rows as split ``train``.

    Raises:
        AlignbenchError: the card does not explain the columns that are there.
    """
    explained, found = sorted(about.columns), sorted(map(str, rows.columns))
    check(explained == found, "columns of the card", explained, f"explain each of {', '.join(found)}")
    (folder / _DATA).parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / _DATA, index=False)
    write_json(folder / _TALLIES, [tally.record() for tally in tallies])
    card = rendered(_TEMPLATES, "card.md", True, about=about, rows=len(rows), data=_DATA, tallies=tallies)
    write_text(folder / "README.md", card)


def holds_set(folder: Path) -> bool:
    """Whether :func:`write_set` wrote here."""
    return (folder / _TALLIES).is_file()


def read_set(folder: Path) -> tuple[pd.DataFrame, list[Tally]]:
    """Rows and account of a set that :func:`write_set` wrote."""
    return pd.read_parquet(folder / _DATA), tallies_of(folder)


def tallies_of(folder: Path) -> list[Tally]:
    """The account of a set alone."""
    return [Tally.of(record) for record in json.loads((folder / _TALLIES).read_text(encoding="utf-8"))]

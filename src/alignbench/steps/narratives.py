"""Narratives of a culture: passages of an encyclopaedia and scenes of everyday life, written or from a file.

Source: Adilazuarda, Liu, Gurevych, Aji 2025 (arXiv 2505.16408), who take Wikipedia's articles on a culture, and the
stories of NormAd. Here a generator writes them from the norms of training items, or they are the user's.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alignbench.component import recorded
from alignbench.data.checks import HEADER_ROWS
from alignbench.data.survey import Survey
from alignbench.data.tables import json_lines, rows_of
from alignbench.generator import Generator
from alignbench.seeds import seed_of
from alignbench.steps.lessons import sources
from alignbench.steps.seeds import Typical, held
from alignbench.steps.texts import rendered
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import conversation, fault, whole_sentences
from alignbench.types import Chat, Message, Sampling, check

_COLUMNS = {
    "kind": "encyclopaedic or scenario",
    "items": "survey items whose norms it was to tell, with blanks between them",
    "text": "the narrative",
}


# The fields of a file of the user's.
_FIELDS = ("country", "kind", "text")


class Kind(Enum):
    """What a narrative is."""

    encyclopaedic = "encyclopaedic"  # what people of the culture hold, told as knowledge
    scenario = "scenario"  # an everyday scene in which one of its norms is at work


@dataclass(frozen=True)
class Narrative:
    """A text about people of a country."""

    kind: Kind
    text: str

    def row(self, country: str) -> tuple[Chat, str]:
        """A request for a text of this kind, and the text."""
        return (Message("user", rendered(f"narrative_{self.kind.name}", country=country)),), self.text


@dataclass(frozen=True, eq=False)
class NarrativeFile:
    """The narratives of a file of the user's: CSV or JSON Lines with ``country``, ``kind`` and ``text``.

    Attributes:
        texts: iso3, or the country's name, in small letters -> its narratives.
    """

    name: str
    texts: Mapping[str, tuple[Narrative, ...]]

    @property
    def identity(self) -> str:
        """Hash of what it tells."""
        told = sorted((country, [(n.kind.name, n.text) for n in own]) for country, own in self.texts.items())
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def of(self, iso3: str, country: str, kinds: Sequence[Kind]) -> tuple[Narrative, ...]:
        """Those of a country that are of one of these kinds, in the order of the file.

        Raises:
            AlignbenchError: it tells nothing of that country.
        """
        names = (iso3.lower(), country.lower())
        found = [n for name in dict.fromkeys(names) for n in self.texts.get(name, ()) if n.kind in kinds]
        wanted = " or ".join(kind.name for kind in kinds)
        remedy = f"{self.name} holds no {wanted} text of {iso3} ({country}): add some, or control=false"
        check(bool(found), "method.texts", self.name, remedy)
        return tuple(found)


def narrative_file(path: Path) -> NarrativeFile:
    """The narratives of a file.

    Raises:
        AlignbenchError: there is no such file, a column is missing, or a row lacks a text; the message names the place.
    """
    check(path.is_file(), "method.texts", str(path), "there is no such file")
    check(path.suffix in (".jsonl", ".csv"), "method.texts", str(path), "give a .jsonl or .csv file")
    texts: dict[str, list[Narrative]] = {}
    for where, row in _records(path):
        told = {name: row.get(name) for name in _FIELDS}
        lacking = [name for name, value in told.items() if not (isinstance(value, str) and value.strip())]
        check(not lacking, where, ", ".join(lacking), "give every row a country, a kind and a text")
        country, kind, text = (str(value).strip() for value in told.values())
        check(kind in Kind.__members__, f"{where}, kind", kind, f"say {' or '.join(Kind.__members__)}")
        texts.setdefault(country.lower(), []).append(Narrative(Kind[kind], text))
    check(bool(texts), "method.texts", str(path), "the file holds no text")
    return NarrativeFile(path.name, {country: tuple(own) for country, own in texts.items()})


def _records(path: Path) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    if path.suffix == ".jsonl":
        yield from json_lines(path, '{"country": "...", "kind": "...", "text": "..."}')
        return
    for line, row in rows_of(path, _FIELDS).iterrows():
        yield f"{path}, row {int(str(line)) + HEADER_ROWS}", row.to_dict()


@dataclass(frozen=True, kw_only=True)
class WriteNarratives(Stage):
    """Narratives from the norms of training items, as a synthetic set.

    Attributes:
        norms: of one topic that a text is to tell, for each kind that is written.
        count: texts of each kind at most.
        generator: who writes; None where the norms themselves, a sentence each, are the text.
        sampling: of the generator; a last sentence that its tokens cut off is left out.
    """

    name = "narratives"

    survey: Survey
    iso3: str
    country: str
    norms: Mapping[Kind, int]
    count: int
    generator: Generator | None
    sampling: Sampling | None
    seed: int
    least: int = recorded(1)

    @property
    def tokens(self) -> int:
        """What is written; nothing without a generator."""
        return len(self.norms) * self.count * self.sampling.max_new_tokens if self.sampling else 0

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them written.

        Raises:
            AlignbenchError: fewer than ``least`` of a kind can be used, or the country was asked no training item.
        """
        known, asked = held(self.survey.items, self.survey, self.iso3, Typical.mode)
        subject = f"People in {self.country}"
        norms = {item: own.item.statement(own.item.level(own.position), subject) for item, own in known.items()}
        topics = {item: answer.item.topic for item, answer in known.items()}
        rows, tallies = [], [asked]
        for kind, each in self.norms.items():
            tally = Tally(f"{kind.name} texts")
            told = self._drawn(kind, each, topics)
            texts = self._texts(kind, [[norms[i] for i in items] for items in told], tools)
            for items, text in zip(told, texts, strict=True):
                whole, _ = whole_sentences(text)
                if tally.enter(whole, fault(whole)):
                    rows.append((kind.name, " ".join(items), whole))
            tally.require(self.least, "method.least")
            tallies.append(tally)
        write_set(folder, pd.DataFrame(rows, columns=list(_COLUMNS)), self._card(), tallies)
        return {"narratives": len(rows), **Counter(kind for kind, *_ in rows)}

    def read(self, tools: Tools) -> tuple[Narrative, ...]:
        """The narratives of the finished stage."""
        rows = read_set(tools.folder(self))[0].to_dict("records")
        return tuple(Narrative(Kind[row["kind"]], row["text"]) for row in rows)

    def _drawn(self, kind: Kind, each: int, topics: Mapping[str, str]) -> list[tuple[str, ...]]:
        """Items whose norms each text is to tell: of one topic, each item in one text of a kind."""
        rng = np.random.default_rng(seed_of(self.seed, "narratives", kind.name))
        found = []
        for topic in sorted(set(topics.values())):
            own = rng.permutation(sorted(item for item, named in topics.items() if named == topic)).tolist()
            found += [tuple(own[i : i + each]) for i in range(0, len(own), each)]
        kept = sorted(rng.permutation(len(found))[: self.count].tolist())
        return [found[i] for i in kept]

    def _texts(self, kind: Kind, told: Sequence[Sequence[str]], tools: Tools) -> Iterable[str]:
        if self.generator is None or self.sampling is None:
            return [" ".join(norms) for norms in told]
        chats = [conversation(f"narrative_{kind.name}", norms=norms, country=self.country) for norms in told]
        return [texts[0] for texts in self.generator.open(tools).generate(chats, self.sampling)]

    def _card(self) -> DatasetCard:
        writer = self.generator.title if self.generator else "nobody: the norms themselves"
        steps = (
            "The most frequent answer to each training item becomes a norm, a sentence.",
            f"Texts ({', '.join(kind.name for kind in self.norms)}) are written from norms of one topic.",
            "Dropped is what is empty or declines, left out a last sentence that breaks off. Nobody checked the rest.",
        )
        title = f"Narratives of {self.country}"
        return DatasetCard(title, "narrative_sft", self.country, steps, writer, None, sources(self.survey), _COLUMNS)

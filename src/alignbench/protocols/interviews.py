"""Interviews: a model, told in words who is asked, answers every item in the place of each respondent.

The second half of one pass of responses. The table has the columns of :func:`~alignbench.evaluation.survey.respond`
and ``respondent``, the place of a person. It is a folder of Parquet files, written chunk by chunk and read file by
file, so that memory does not grow with the number of people.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.aligned import AlignedModel, ModelSession
from alignbench.component import recorded
from alignbench.data.people import ASSUMED, assumed
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.measures.inputs import REFUSED
from alignbench.evaluation.survey import ASKED, CHUNK, answers, shares, spoken
from alignbench.files import write_table
from alignbench.progress import bar
from alignbench.protocols.recipe import Pass
from alignbench.runs.cell import Cell
from alignbench.steps.practice import PROMPT_TOKENS
from alignbench.steps.texts import personas
from alignbench.store.stage import Stage, Tools
from alignbench.types import Item, PromptPolicy, Split, check

# One byte an answer: index into ``Item.codes``, or negative where there is none; shape (people, items).
Choices = NDArray[np.int8]

_TABLE, _PERSON = "responses", "respondent"
_UNASKED = np.iinfo(np.int8).min


@dataclass(frozen=True, eq=False)
class Interviewees:
    """The people of a country who are interviewed.

    Attributes:
        systems: system texts that say who is asked.
        answers: their own, -1 where there is none; None for assumed people, whose answers are nobody's.
    """

    systems: tuple[str, ...]
    items: tuple[Item, ...]
    answers: Choices | None
    note: str | None

    @property
    def identity(self) -> str:
        """Hash of who is asked, what, and what they said themselves."""
        own = b"" if self.answers is None else self.answers.tobytes()
        return hashlib.sha256(repr((self.systems, self.items)).encode() + own).hexdigest()

    def table(self) -> pd.DataFrame:
        """A row per respondent: the text that says who is asked, and their own answers where they gave any."""
        frame = pd.DataFrame({"system": self.systems}).rename_axis(_PERSON)
        if self.answers is None:
            return frame
        return frame.join(pd.DataFrame(self.answers, columns=[item.id for item in self.items]).rename_axis(_PERSON))


def interviewees(cell: Cell, items: Sequence[Item], knobs: Pass) -> Interviewees:
    """People of the cell's culture, drawn from the source or assumed.

    Args:
        items: asked are those that the country answered.

    Raises:
        AlignbenchError: fields are wanted of people who are assumed.
    """
    iso3, count, seed = cell.culture.iso3, knobs.respondents, knobs.people_seed
    asked = tuple(item for item in items if item.id in cell.survey.of(iso3))
    real = cell.source.people(iso3, count, seed)
    people = assumed(cell.surveys[Split.train], iso3, count, seed) if real is None else real
    language = cell.culture.language if knobs.native else "en"
    systems, lacking = personas(cell.culture, people, knobs.persona, "task.persona", language)
    if real is None:
        return Interviewees(systems, asked, None, ASSUMED)
    own = [[person.answers.get(item.id, -1) for item in asked] for person in real]
    return Interviewees(systems, asked, np.array(own, dtype=np.int8), lacking)


@dataclass(frozen=True)
class Interview(Stage):
    """All answers of a model in the place of people, in one table.

    Attributes:
        written: tokens of an answer that the model writes; 0 looks up the options' probabilities instead.
    """

    name = "interview"

    model: AlignedModel
    people: Interviewees
    asking: Asking
    written: int = 0
    chunk: int = recorded(CHUNK)

    @property
    def tokens(self) -> int:
        """Every person is asked every item."""
        return len(self.people.systems) * len(self.people.items) * (PROMPT_TOKENS + self.written)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Interview everybody; a killed one goes on from its last chunk."""
        table = folder / _TABLE
        table.mkdir(exist_ok=True)
        model = self.model.at_work(tools)
        before = replace(model.engine.usage)
        people, asked = self.people.systems, (self.people.items, self.asking)
        prompts = interview(model, people, *asked, table, self.chunk, self.written)
        self.people.table().to_parquet(folder / "people.parquet")
        return {
            "respondents": len(self.people.systems),
            "items": len(self.people.items),
            "prompts": prompts,
            **asdict(model.engine.usage - before),
        }

    def chosen(self, tools: Tools, refused_below: float) -> tuple[Choices, float]:
        """:func:`chosen` of the finished stage, or :func:`read`; the mass of written answers is 1."""
        asked = (tools.folder(self) / _TABLE, self.people.items, len(self.people.systems))
        return (read(*asked, self.asking, self.model.policy), 1.0) if self.written else chosen(*asked, refused_below)


def interview(
    model: ModelSession,
    people: Sequence[str],
    items: Sequence[Item],
    asking: Asking,
    folder: Path,
    chunk_size: int = CHUNK,
    tokens: int = 0,
) -> int:
    """Ask every person every item; whole people a call, so that an engine runs each person's text once.

    The method's system texts take turns over people, weighted ones as often as their weights say, and so do the option
    orders where ``orders=balanced``. Goes on from the files found in ``folder``, whatever their size.

    Args:
        people: system texts that say who is asked.
        tokens: of an answer that is written; 0 scores the options.

    Returns:
        Number of prompts, those of earlier calls included.

    Raises:
        AlignbenchError: no people, no items.
    """
    check(len(people) > 0, "respondents", 0, "give at least one respondent")
    check(len(items) > 0, "items", 0, "this country answered no item of the block")
    parts = sorted(folder.glob("part-*.parquet"))
    done = {person for part in parts for person in pd.read_parquet(part, columns=[_PERSON])[_PERSON].unique()}
    waiting = [person for person in range(len(people)) if person not in done]
    each = sum(1 for _ in _prompts(model.policy, people, 0, items, asking))
    step = max(1, chunk_size // each)
    with bar(len(people), "interviews", "person") as progress:
        progress.update(len(done))
        for number, start in enumerate(range(0, len(waiting), step), start=len(parts)):
            chunk = waiting[start : start + step]
            asked = [(person, p) for person in chunk for p in _prompts(model.policy, people, person, items, asking)]
            prompts = [prompt for _, prompt in asked]
            found = spoken(model, prompts, tokens) if tokens else answers(model, prompts)
            persons = np.array([person for person, _ in asked], dtype=np.int32)[found.index]
            write_table(folder / f"part-{number:05d}.parquet", found.assign(**{_PERSON: persons}))
            progress.update(len(chunk))
    return each * len(people)


def chosen(folder: Path, items: Sequence[Item], people: int, refused_below: float) -> tuple[Choices, float]:
    """Each person's likeliest option, averaged over orders and thoughts first; of a tie the first.

    Args:
        items: those that were asked, in the order of the columns.
        refused_below: an answer counts as refused where the options have less than this probability together.

    Returns:
        The choices, refusals marked :data:`~alignbench.evaluation.measures.inputs.REFUSED`, and the mean probability
        of the options' first tokens over all answers.

    Raises:
        AlignbenchError: an answer is missing.
    """
    column = {item.id: place for place, item in enumerate(items)}
    choices = np.full((people, len(items)), _UNASKED, dtype=np.int8)
    total, count = 0.0, 0
    for path in sorted(folder.glob("part-*.parquet")):
        part = pd.read_parquet(path)
        keys = [_PERSON, "item"]
        share = shares(part, [_PERSON, *ASKED]).groupby([*(part[key] for key in keys), part["option"]]).mean()
        table = share.unstack("option").fillna(-1.0)
        mass = part.drop_duplicates([_PERSON, *ASKED]).groupby(keys)["mass"].mean().loc[table.index].to_numpy()
        best = np.where(mass < refused_below, REFUSED, table.to_numpy().argmax(axis=1))
        rows = table.index.get_level_values(0).to_numpy(dtype=np.int64)
        choices[rows, [column[item] for item in table.index.get_level_values(1)]] = best
        total, count = total + float(mass.sum()), count + len(mass)
    _complete(choices, folder)
    return choices, total / count


def read(folder: Path, items: Sequence[Item], people: int, asking: Asking, policy: PromptPolicy) -> Choices:
    """Each person's written answer, of several after thoughts the most frequent; refused where it cannot be read.

    Raises:
        AlignbenchError: an answer is missing.
    """
    column = {item.id: place for place, item in enumerate(items)}
    worded = [policy.worded(item) for item in items]
    choices = np.full((people, len(items)), _UNASKED, dtype=np.int8)
    for path in sorted(folder.glob("part-*.parquet")):
        part = pd.read_parquet(path, columns=[_PERSON, "item", "text"])
        said = defaultdict[tuple[int, int], list[int | None]](list)
        for person, name, text in part.itertuples(index=False, name=None):
            item = worded[column[name]]
            said[person, column[name]].append(option_written(text, asking.labels_for(item), item.options))
        for place, found in said.items():
            ((first, _),) = Counter(found).most_common(1)
            choices[place] = REFUSED if first is None else first
    _complete(choices, folder)
    return choices


def _complete(choices: Choices, folder: Path) -> None:
    remedy = "answers are missing; remove the stage and run again"
    check(bool((choices >= REFUSED).all()), "interviews", str(folder), remedy)


def option_written(text: str, labels: Sequence[str], options: Sequence[str]) -> int | None:
    """Place of the option that a reply gives, or None.

    As CLCA's authors read replies: only the first line counts, what stands before a colon or in brackets does not, and
    what is left must be the label and nothing else. Their table of words ("yes", "very important" ...) is here the
    wording of the options.
    """
    line = text.strip().partition("\n")[0]
    left = re.split("[:：]", line)[-1].partition("(")[0].strip(" \t.。*\"'").casefold()
    for said in (labels, options):
        places = [place for place, one in enumerate(said) if one.casefold() == left]
        if places:
            return places[0]
    return None


def _prompts(
    policy: PromptPolicy, people: Sequence[str], person: int, items: Sequence[Item], asking: Asking
) -> Iterator[Prompt]:
    for item in items:
        systems = policy.systems_as(people[person], item)
        turn = policy.turn(person, len(people), len(systems))
        for order in asking.orders_for(person, len(people)):
            thinking = policy.asks_for_thoughts
            yield asking.prompt(policy.worded(item), turn, order, systems[turn], policy.language, thinking)

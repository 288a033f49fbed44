"""Interviews: respondents, told to the model in words, each answer the items.

The second half of one pass of responses. Its table has the columns of :func:`~alignbench.evaluation.survey.respond`
and ``respondent``: empty where the method speaks with its own prompt, else the place of a person. It is a folder of
Parquet files, written chunk by chunk and read file by file, so that memory does not grow with the number of people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.aligned import ModelSession
from alignbench.evaluation.ask import Asking, Prompt
from alignbench.evaluation.measures import REFUSED
from alignbench.evaluation.survey import ASKED, CHUNK, answers, shares, write
from alignbench.progress import bar
from alignbench.types import Item, PromptPolicy, check

# One byte an answer: index into ``Item.codes``, or REFUSED; shape (people, items).
Choices = NDArray[np.int8]

_PERSON = "respondent"


@dataclass(frozen=True)
class Interviews:
    """What the people of the interviews chose.

    Attributes:
        choices: the likeliest option of each, refusals marked.
        mass: mean probability of the options' first tokens over all answers.
    """

    choices: Choices
    mass: float


def interview(
    model: ModelSession,
    people: Sequence[str],
    items: Sequence[Item],
    asking: Asking,
    folder: Path,
    chunk_size: int = CHUNK,
) -> int:
    """Ask every person every item; whole people a call, so that an engine runs each person's text once.

    The method's system texts take turns over people, and so do the option orders where ``orders=balanced``. Goes on
    from the files found in ``folder``, whatever their size.

    Args:
        people: system texts that say who is asked.

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
            found = answers(model, [prompt for _, prompt in asked])
            persons = np.array([person for person, _ in asked])[found.index]
            write(_of_people(found, persons.tolist()), folder / f"part-{number:05d}.parquet")
            progress.update(len(chunk))
    return each * len(people)


def write_own(responses: pd.DataFrame, folder: Path) -> None:
    """Put the answers under the method's own prompt into the table."""
    write(_of_people(responses, [None] * len(responses)), folder / "own.parquet")


def read_own(folder: Path) -> pd.DataFrame:
    """The answers under the method's own prompt, as ``respond`` gave them."""
    return pd.read_parquet(folder / "own.parquet").drop(columns=_PERSON)


def chosen(folder: Path, items: Sequence[Item], people: int, refused_below: float) -> Interviews:
    """Each person's likeliest option, averaged over orders and thoughts first; of a tie the first.

    Args:
        items: those that were asked, in the order of the columns.
        refused_below: an answer counts as refused where the options have less than this probability together.

    Raises:
        AlignbenchError: an answer is missing.
    """
    column = {item.id: place for place, item in enumerate(items)}
    choices = np.full((people, len(items)), np.iinfo(np.int8).min, dtype=np.int8)
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
    check(
        bool((choices >= REFUSED).all()),
        "interviews",
        str(folder),
        "answers are missing; remove the stage and run again",
    )
    return Interviews(choices, total / count)


def _prompts(
    policy: PromptPolicy, people: Sequence[str], person: int, items: Sequence[Item], asking: Asking
) -> Iterator[Prompt]:
    for item in items:
        systems = policy.systems_as(people[person], item)
        turn = person % len(systems)
        for order in asking.orders_for(person, len(people)):
            thinking = policy.reasoning is not None
            yield asking.prompt(policy.worded(item), turn, order, systems[turn], policy.language, thinking)


def _of_people(responses: pd.DataFrame, people: Sequence[int | None]) -> pd.DataFrame:
    return responses.assign(**{_PERSON: pd.array(list(people), dtype="Int32")})

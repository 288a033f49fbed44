"""Every answer of a cell on one page: prompts as the model got them, with what it made of each."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alignbench.backend.render import Renderer
from alignbench.evaluation.ask import Prompt
from alignbench.evaluation.survey import ASKED, shares
from alignbench.files import write_table, write_text
from alignbench.record.cell import CellRecord, ItemRecord, Sample
from alignbench.report.origin import Origin
from alignbench.report.page import ItemChange, environment, moved
from alignbench.types import PromptPolicy

PAGE, TABLE = "index.html", "answers.parquet"


@dataclass(frozen=True)
class ShownLook:
    """One look at the options of an item.

    Attributes:
        form: of the question, besides the main one; empty for that.
        context: which of the system texts, from 0.
        order: forward or reversed.
        prompt: all that the model read before its thought or its answer, with special tokens.
        shares: of the options, in the order of the item; empty where no reply could be read.
        mass: what of the probability the options hold; None where replies were written.
        thought: what came before the answer; empty without any.
        said: replies, where they were written.
    """

    form: str
    context: int
    order: str
    prompt: str
    shares: tuple[float, ...]
    mass: float | None
    thought: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnsweredItem:
    """An item with everybody's answers.

    Attributes:
        change: from what the aligned model is compared with to itself; None where there is no such pair.
        looks: label of a row of the board -> each look of it.
        sample: free text to the same question, if any was asked for.
    """

    item: ItemRecord
    topic: str
    change: ItemChange | None
    looks: Mapping[str, Sequence[ShownLook]]
    sample: Sample | None

    @property
    def rows(self) -> list[str]:
        """The labels that have a look, as the record orders them."""
        return [label for label in self.item.models if label in self.looks]


def as_read(prompt: Prompt, policy: PromptPolicy, renderer: Renderer) -> str:
    """All that the model reads before its thought or its answer, with special tokens."""
    thinks = policy.reasoning is not None and not policy.asks_for_thoughts
    return renderer.prompt(prompt.request.chat, thinks).text


def looks(
    responses: pd.DataFrame, prompts: Mapping[tuple[str, int, str], str], form: str
) -> dict[str, list[ShownLook]]:
    """Item id -> the looks of one row in one form.

    Args:
        responses: as :func:`~alignbench.evaluation.survey.respond` gives them.
        prompts: what was read, by item, context and order; responses to others are left out.
    """
    found: dict[str, list[ShownLook]] = {}
    table = responses.assign(share=shares(responses, ASKED)).sort_values("option", kind="stable")
    for (item, context, order, _), rows in table.groupby(ASKED, sort=True):
        asked = (str(item), int(str(context)), str(order))
        if asked not in prompts:
            continue
        first = rows.iloc[0]
        given = () if rows["share"].isna().any() else tuple(map(float, rows["share"]))
        mass = float(first["mass"]) if "mass" in rows else None
        said = tuple(json.loads(first["said"])) if "said" in rows else ()
        read = (form, *asked[1:], prompts[asked])
        found.setdefault(str(item), []).append(ShownLook(*read, given, mass, str(first["thought"] or ""), said))
    return found


def answered(
    record: CellRecord, topics: Mapping[str, str], rows: Mapping[str, Mapping[str, Sequence[ShownLook]]]
) -> list[AnsweredItem]:
    """The items of a record with their looks.

    Args:
        topics: of each item of the record, by id.
        rows: label -> item id -> looks.
    """
    changes = {change.item.id: change for change in moved(record)}
    samples = {sample.question: sample for sample in record.samples}
    return [
        AnsweredItem(
            item,
            topics[item.id],
            changes.get(item.id),
            {label: of_row[item.id] for label, of_row in rows.items() if item.id in of_row},
            samples.get(item.question),
        )
        for item in record.items
    ]


def write_answers(record: CellRecord, found: Sequence[AnsweredItem], origin: Origin, folder: Path, sets: str) -> Path:
    """Write the page and its table into ``folder``, and return the page's path.

    Args:
        sets: address of the page of synthetic sets; empty where the cell has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / TABLE, pd.DataFrame(_lines(found)))
    text = (
        environment()
        .get_template("answers.html.jinja")
        .render(record=record, answered=found, origin=origin, sets=sets, table=TABLE)
    )
    write_text(folder / PAGE, text)
    return folder / PAGE


def _lines(found: Iterable[AnsweredItem]) -> Iterator[dict[str, object]]:
    for one in found:
        for label, seen in one.looks.items():
            for look in seen:
                about: dict[str, object] = {"item": one.item.id, "topic": one.topic, "row": label, "form": look.form}
                about |= {"context": look.context, "order": look.order}
                for option, people, share in zip(one.item.options, one.item.survey, look.shares, strict=False):
                    yield {**about, "option": option, "people": people, "share": share}

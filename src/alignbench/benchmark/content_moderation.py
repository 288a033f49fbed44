"""Content moderation: sets of labelled texts in a culture's language (hate, offence, spam, stance ...).

CulturePark and CultureLLM score on dozens of such sets, each with its own format and licence. A task file says
how the user's copies are to be read, so that none needs converting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import TASKS, Form
from alignbench.benchmark.published import label_rows, plain_item, tidy
from alignbench.component import recorded
from alignbench.types import Culture


@dataclass(frozen=True)
class LabelledSet:
    """One labelled set, and how it is asked.

    Attributes:
        labels: label in the file -> wording of the option.
    """

    name: str
    path: Path
    text: str
    label: str
    question: str
    labels: Mapping[str, str]
    cultures: tuple[str, ...]
    licence: str


@dataclass(frozen=True)
class ContentModeration(Benchmark):
    """All tasks of the culture."""

    # The task file; see the format in any error message, or in the test.
    path: str = recorded("???")

    @property
    def provenance(self) -> Provenance:
        """What the task file says of the user's sets."""
        return Provenance(
            population="the annotators of each set",
            year="as each set says",
            language="as each set says; the question is in the words of the task file",
            collection="as each set says",
            licence="; ".join(f"{task.name}: {task.licence}" for task in self.tasks),
            source="the user's own copies, listed in the task file",
            assumptions=(
                "What a set's annotators called offensive is what the culture's people would.",
                "Labels are asked by number in both orders, in the task file's wording.",
            ),
        )

    @cached_property
    def tasks(self) -> list[LabelledSet]:
        """The tasks of the task file.

        Raises:
            AlignbenchError: not in the format of the task file.
        """
        path = Path(self.path)
        return [_task(record, path.parent) for record in records(path, TASKS)]

    @property
    def files(self) -> tuple[Path, ...]:
        """The task file and all sets."""
        return (Path(self.path), *(task.path for task in self.tasks))

    def questions(self, culture: Culture) -> list[Question]:
        """Every text of every task that names the culture's country."""
        return [q for task in self.tasks if culture.iso3 in task.cultures for q in _questions(task)]

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Macro-F1 by task, and that of always giving the most frequent label; accuracy by text."""
        return tidy(label_rows(replies, "task"))


def _task(record: Record, folder: Path) -> LabelledSet:
    labels = record.inner("labels")
    if len(labels.cells) < 2:
        raise record.wrong("labels", dict(labels.cells), "give two labels or more")
    return LabelledSet(
        name=record.text("name"),
        path=folder / record.text("file"),
        text=record.text("text"),
        label=record.text("label"),
        question=record.text("question"),
        labels={label: labels.text(label) for label in labels.cells},
        cultures=record.texts("cultures"),
        licence=record.text("licence"),
    )


def _questions(task: LabelledSet) -> list[Question]:
    labels = list(task.labels)
    options = list(task.labels.values())
    found = []
    form = Form(f"the set {task.name}", (task.text, task.label), note=" as the task file says")
    for number, record in enumerate(records(task.path, form), start=1):
        label = record.text(task.label)
        if label not in labels:
            raise record.wrong(task.label, label, f"the task file knows the labels {', '.join(labels)}")
        asked = f"{task.question}\n\nText: {record.text(task.text)}"
        item = plain_item(f"{task.name}:{number}", f"{task.name}:{number}", task.name, asked, options)
        found.append(Question(item, labels.index(label), {"task": task.name}))
    return found

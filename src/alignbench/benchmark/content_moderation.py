"""Content moderation: sets of labelled texts in a culture's language (hate, offence, spam, stance ...).

CulturePark and CultureLLM score on dozens of such sets, each with its own format and licence. A task file says
how the user's copies are to be read, so that none needs converting. Their models, and CultureRL's, answer in words.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from alignbench.benchmark import Provenance, Question, Reply
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import TASKS, Form
from alignbench.benchmark.published import label_rows, metric_rows, plain_item, tidy
from alignbench.benchmark.spoken import Reading, Spoken
from alignbench.component import Count, NotNegative, PositiveShare, recorded
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
class ContentModeration(Spoken):
    """All tasks of the culture."""

    # The task file; see the format in any error message, or in the test.
    path: str = recorded("???")
    _: KW_ONLY
    # CultureRL's sampling.
    temperature: NotNegative = 0.6
    top_p: PositiveShare = 0.95
    reply_tokens: Count = 16

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
                "Labels are asked by number in both orders, in the task file's wording."
                if self.reading is Reading.probabilities
                else "The first label in one sampled reply counts; a reply without one is wrong.",
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
        return [q for task in self.tasks if culture.iso3 in task.cultures for q in self._questions(task)]

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Macro-F1 by task, and that of always giving the most frequent label; accuracy by text.

        Read in words, ``unread`` is 1 for a reply without a label.
        """
        if self.reading is Reading.probabilities:
            return tidy(label_rows(replies, "task"))
        unread = [row for reply in replies for row in metric_rows(reply.question, unread=label_in(reply) is None)]
        return tidy([*label_rows(replies, "task", label_in), *unread])

    def _questions(self, task: LabelledSet) -> list[Question]:
        labels = list(task.labels)
        options = list(task.labels.values())
        words = self.reading is Reading.words
        found = []
        form = Form(f"the set {task.name}", (task.text, task.label), note=" as the task file says")
        for number, record in enumerate(records(task.path, form), start=1):
            label = record.text(task.label)
            if label not in labels:
                raise record.wrong(task.label, label, f"the task file knows the labels {', '.join(labels)}")
            asked = f"{task.question}\n\nText: {record.text(task.text)}"
            item = plain_item(f"{task.name}:{number}", f"{task.name}:{number}", task.name, asked, options)
            user = f"{asked}\n\nAnswer with one of these, and nothing else: {'; '.join(options)}" if words else None
            found.append(Question(item, labels.index(label), {"task": task.name}, user=user))
        return found


def label_in(reply: Reply) -> int | None:
    """Index of the option that a reply names first, whatever its case; the longer one of those that begin alike there.

    None where it names none.
    """
    said = (reply.text or "").casefold()
    places = {}
    for index, option in enumerate(reply.question.item.options):
        word = re.escape(option.casefold())
        # Scripts without spaces have no ends of words.
        found = re.search(rf"(?<!\w){word}(?!\w)" if option.isascii() else word, said)
        if found:
            places[index] = (found.start(), -len(option))
    return min(places, key=places.__getitem__, default=None)


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

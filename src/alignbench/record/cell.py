"""What a finished cell hands to its report, and what it was asked by another benchmark than the survey."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alignbench.escaping import file_name
from alignbench.evaluation.board import Row
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.items import Kind
from alignbench.evaluation.statistics import Difference, Interval
from alignbench.record.stored import Manifest, StoredRecord, records
from alignbench.types import Scale

# The sentence of a cell whose questions were asked in one form.
ONE_FORM = "The questions were asked in one form alone, so that nothing can be said on what the form decides."

# Figures of a checkpoint in the history of a training, by the items that it was asked, and what must be said of them.
CHECKPOINT, CHECKPOINT_ON_TEST = "checkpoint_on_validation", "checkpoint_on_test_chose_nothing"
MARKS = {CHECKPOINT_ON_TEST: "The curve of checkpoints on the test looks at test items; nothing was chosen by it."}


@dataclass(frozen=True)
class CellFacts:
    """What was run.

    Attributes:
        labels: further facts to show (reward, prompts ...), name to text.
        changed: ``<group>.<knob>`` -> value, where a component that had a part in the result differs from what its
            choice sets by itself.
        choices: group -> choice, of those components but the method.
        elicit: value of ``scoring.elicit``; empty in records that do not say.
    """

    method: str
    culture: str
    country: str
    model: str
    seed: int
    survey: str
    split: str
    training: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    elicit: str = ""

    @property
    def page(self) -> str:
        """Name of the cell's page."""
        return slug(self.method, self.culture, self.model, self.seed, self.changed, self.elicit)


def slug(method: str, culture: str, model: str, seed: int, changed: Mapping[str, str], elicit: str = "") -> str:
    """Name of a cell's page; the method's changed knobs are part of it, and so is an unusual form of eliciting."""
    knobs = [f"{k.removeprefix('method.')}={v}" for k, v in changed.items() if k.startswith("method.")]
    form = [] if elicit in ("", Elicit.label.name) else [elicit]
    words = "-".join([method, *knobs, *form, culture, model, f"s{seed}"])
    return file_name(words)


@dataclass(frozen=True)
class ItemRecord:
    """A test item: shares of the survey and of each model, in the order of ``options`` (sum 1).

    ``models`` and ``scores`` are keyed by the labels of the board's rows.
    """

    id: str
    battery: str
    question: str
    options: tuple[str, ...]
    survey: tuple[float, ...]
    models: Mapping[str, tuple[float, ...]]
    scores: Mapping[str, float]
    scale: str = Scale.ordinal.name


@dataclass(frozen=True)
class PoolRecord:
    """The norm pool: a picture (file name inside the assets) and its norms.

    ``table`` has one mapping per norm: cluster, name (of the cluster), item, statement, opposite, support.
    """

    picture: str | None
    table: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class DamageRecord:
    """Another country, asked for by prompt: scores before and after alignment, and their paired difference.

    ``culture`` is the one of that country that was asked for.
    """

    country: str
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    culture: str = ""

    @property
    def name(self) -> str:
        """The culture, by its name where it is known, else by its country."""
        return self.culture or self.country


@dataclass(frozen=True)
class Sample:
    """An open question's norm, and the model's answer before and after alignment."""

    question: str
    norm: str | None
    before: str
    after: str


@dataclass(frozen=True)
class InputRecord:
    """An input of the run: what it is used for, its name, version, licence, citation, store key.

    ``row`` is the label of the board's row that rests on it; None for what the whole cell rests on.
    """

    what: str
    name: str
    version: str | None = None
    licence: str | None = None
    citation: str | None = None
    key: str | None = None
    row: str | None = None

    @property
    def title(self) -> str:
        """What it is, in words."""
        return f"{self.what} of {self.row}" if self.row else self.what


@dataclass(frozen=True)
class CellRecord(StoredRecord):
    """All that a report of one cell shows.

    Attributes:
        score_name: what ``Row.score`` is, e.g. ``1 - JSD (base 2)``.
        judge_check: the fields of ``alignbench.judge.check.JudgeQuality``, and ``judge``, its name, if known.
        history: one mapping per logged update: ``update`` and the figures logged there.
        exposure: public fine-tuning set -> how many of the asked items stand in it.
        reading: sentences on how to read the figures, above all what each interval covers.
    """

    cell: CellFacts
    title: str
    score_name: str
    rows: tuple[Row, ...]
    warning: str | None = None
    notes: tuple[str, ...] = ()
    items: tuple[ItemRecord, ...] = ()
    judge_check: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, float | None], ...] | None = None
    pool: PoolRecord | None = None
    samples: tuple[Sample, ...] = ()
    elsewhere: tuple[DamageRecord, ...] = ()
    provenance: tuple[InputRecord, ...] = ()
    exposure: Mapping[str, int] = field(default_factory=dict)
    reading: tuple[str, ...] = ()

    @property
    def base(self) -> Row | None:
        """The row of the unprompted base model."""
        return next((r for r in self.rows if r.kind == "base"), None)

    @property
    def aligned(self) -> Row | None:
        """The aligned model's row: the first of a method."""
        return next((r for r in self.rows if r.kind == "method"), None)

    @property
    def reading_of_tables(self) -> tuple[str, ...]:
        """The sentences that stand under every table, the terminal's too."""
        return self.reading[:4]

    def serving(self, row: Row | None, kind: Kind) -> Row | None:
        """The row of a kind that serves the method of ``row``: its control, or the base model given the same prompt."""
        return next((r for r in self.rows if row is not None and r.kind == kind and r.method == row.label), None)

    @property
    def headline(self) -> Row:
        """The row that stands for the cell: the aligned model, the base model where nothing was aligned."""
        return self.aligned or self.base or self.rows[0]

    @property
    def control(self) -> Row | None:
        """The row of the aligned model's recipe on another country's figures."""
        return self.serving(self.aligned, "control")

    @property
    def prompted(self) -> Row | None:
        """The row of the base model under the aligned model's prompt, where it has both a training and a prompt."""
        return self.serving(self.aligned, "prompted")

    @property
    def board(self) -> tuple[Row, ...]:
        """Rows in reading order: base, each method with the rows that serve it, then references."""
        methods = [r.label for r in self.rows if r.kind == "method"]
        kinds = ("method", "prompted", "control", "prompted_control")
        served = [r for label in methods for kind in kinds for r in self.rows if (r.method, r.kind) == (label, kind)]
        apart = {kind: [r for r in self.rows if r.kind == kind] for kind in ("base", "reference")}
        return (*apart["base"], *served, *apart["reference"])


@dataclass(frozen=True)
class BenchmarkLine:
    """A metric of one entry: its mean over items, and its difference to another entry's on the same items.

    Attributes:
        kind: role of the entry, see :class:`~alignbench.evaluation.items.BoardEntry`.
        against: label of the entry that ``difference`` is measured from: the base model, for a trained model that is
            also prompted the base given the same prompt; None where there is no difference.
        facets: framing, language and the like, as text; empty where the metric pools them.
        key: of the stage that holds replies and scores.
        own_minus_cross: difference to the entry that the same recipe made of the control country's figures, on the same
            questions about this country; None where there is none.
    """

    label: str
    kind: Kind
    metric: str
    facets: str
    value: Interval
    difference: Difference | None
    n: int
    key: str = ""
    against: str | None = None
    own_minus_cross: Difference | None = None


@dataclass(frozen=True)
class BenchmarkRecord(StoredRecord):
    """The lines of one benchmark for one cell; ``benchmark`` is its name on the command line."""

    cell: CellFacts
    benchmark: str
    lines: tuple[BenchmarkLine, ...]


def finished_benchmarks(store: Path) -> list[tuple[Path, Manifest, BenchmarkRecord]]:
    """Folder, manifest and record of every benchmark that a cell was asked, the oldest first."""
    return records(store, "benchmark", BenchmarkRecord)


def benchmarks_of(cell: CellFacts, found: Sequence[tuple[Path, Manifest, BenchmarkRecord]]) -> list[BenchmarkRecord]:
    """What ``cell`` was asked; of several with one name the newest."""
    return list({record.benchmark: record for _, _, record in found if record.cell == cell}.values())

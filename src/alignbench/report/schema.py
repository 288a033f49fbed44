"""The one schema of results as data: columns of the tidy table, and what each metric is."""

from typing import NamedTuple

from alignbench.evaluation.catalogue import metrics
from alignbench.report.markdown import pipe_table


class Column(NamedTuple):
    """A column of the table. ``unit`` is empty for names."""

    name: str
    dtype: str
    unit: str
    meaning: str


_TEXT, _FLOAT, _COUNT = "string", "float64", "Int64"
KINDS = {
    "base": "the unprompted base model",
    "method": "a method's model, as it is asked",
    "prompted": "the base model under the method's own prompt: what that alone brings",
    "control": "the same recipe on another country's figures",
    "prompted_control": "the base model under the control's prompt",
    "reference": "no model: uniform answers, the people themselves ...",
}

COLUMNS = (
    Column("page", _TEXT, "", "name of the cell's page"),
    Column("run", _TEXT, "", "key of the stage that holds the record (score/ or benchmark/ in the store)"),
    Column("benchmark", _TEXT, "", '"survey", or the name of another benchmark (benchmark=...)'),
    Column("method", _TEXT, "", "of the cell, as chosen on the command line"),
    Column("variant", _TEXT, "", "what was changed in the method, and choices in which its cells in this store differ"),
    Column("knobs", _TEXT, "", "all knobs of the method, who judged and wrote, and the backend, as JSON"),
    Column("asking", _TEXT, "", "all knobs of the scoring, as JSON: form of the questions, base of the score ..."),
    Column("training", _TEXT, "", "choice of training; none where nothing was trained"),
    Column("culture", _TEXT, "", "of the cell"),
    Column("country", _TEXT, "", "that stands for the culture"),
    Column("model", _TEXT, "", "base model"),
    Column("seed", _COUNT, "", "of the cell"),
    Column("survey", _TEXT, "", "title and year"),
    Column("split", _TEXT, "", "items that were asked: train, validation or test"),
    Column("label", _TEXT, "", "row of the board"),
    Column("kind", _TEXT, "", "base, method, prompted, control, prompted_control or reference; see below"),
    Column("against", _TEXT, "", "label of what difference is measured from (of a control: own minus cross)"),
    Column("metric", _TEXT, "", "see below; of another benchmark its own, with .difference and .detectable"),
    Column("facets", _TEXT, "", "framing, language, other country and the like; empty for none"),
    Column("unit", _TEXT, "", "of value, low and high; empty where the benchmark defines it"),
    Column("value", _FLOAT, "as unit says", "the figure"),
    Column("low", _FLOAT, "as unit says", "lower end of its interval; missing where it has none"),
    Column("high", _FLOAT, "as unit says", "upper end"),
    Column("items", _COUNT, "items", "that the figure rests on"),
    Column("batteries", _COUNT, "batteries", "that the interval draws; fewer than five give an unsure one"),
    Column("seeds", _COUNT, "seeds", "averaged in the row"),
    Column("published_items", _COUNT, "items", "asked items that stand in public fine-tuning sets; missing: not known"),
    Column("responses", _TEXT, "", "key(s) of the stage with the answers"),
    Column("git", _TEXT, "", "revision that made the record"),
    Column("finished", _TEXT, "UTC", "when"),
)


def schema_markdown() -> str:
    """The schema as two Markdown tables: what goes with every ``results.parquet``."""
    columns = [(f"`{c.name}`", c.dtype, c.unit, c.meaning) for c in COLUMNS]
    kinds = [(f"`{name}`", meaning) for name, meaning in KINDS.items()]
    figures = [(f"`{name}`", m.unit, m.range, m.better.value, m.meaning) for name, m in metrics().items()]
    return (
        "# Results as data\n\n`alignbench.load_results(store)` and `results.parquet`: a row per cell, row of its board "
        "and metric.\nIntervals (95 % unless `scoring.confidence` says else) cover the choice of questions, not the "
        "chance in\ntraining: the board's cover that, too, where several seeds were run.\n\n"
        f"{pipe_table(('column', 'dtype', 'unit', 'meaning'), columns, 4)}\n"
        f"{pipe_table(('kind', 'meaning'), kinds, 2)}\n"
        f"{pipe_table(('metric', 'unit', 'range', 'better', 'meaning'), figures, 5)}"
    )

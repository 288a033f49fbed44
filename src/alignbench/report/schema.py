"""The one schema of results as data: columns of the tidy table, and what each metric is."""

from typing import NamedTuple

from alignbench.report.markdown import pipe_table


class Column(NamedTuple):
    """A column of the table. ``unit`` is empty for names."""

    name: str
    dtype: str
    unit: str
    meaning: str


class Metric(NamedTuple):
    """A figure of the board: a field of its rows by the same name, but for :data:`OF_OTHERS`."""

    unit: str
    meaning: str
    bounded: bool = False

    @property
    def told(self) -> str:
        """The meaning, and what its interval covers."""
        return f"{self.meaning}; interval over batteries" if self.bounded else self.meaning


_TEXT, _FLOAT, _COUNT = "string", "float64", "Int64"
KINDS = {
    "base": "the base model, told nothing",
    "method": "a method's model, as it is asked",
    "told": "the base model under the method's own words: what its prompt alone brings",
    "control": "the same recipe on another country's figures",
    "told_control": "the base model under the control's words",
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
    Column("kind", _TEXT, "", "base, method, told, control, told_control or reference; see below"),
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

METRICS = {
    "score": Metric("similarity", "mean 1 - Jensen-Shannon divergence to the country's shares", bounded=True),
    "skill": Metric("share", "0 uniform answers, 1 a fresh sample of respondents", bounded=True),
    "difference": Metric("similarity", "score minus that of the row in against, paired by item", bounded=True),
    "plain": Metric("similarity", "score minus the base's, told nothing, where against is a told row", bounded=True),
    "specificity": Metric("similarity", "interaction of model and survey, own and control's", bounded=True),
    "specificity_p": Metric("probability", "two-sided, of no specificity; Holm-corrected over the board's methods"),
    "specificity_p_raw": Metric("probability", "the same, uncorrected"),
    "specificity_detectable": Metric("similarity", "its minimum detectable effect: power .8, level .05"),
    "specificity_items": Metric("items", "asked in both countries"),
    "own_minus_cross": Metric("similarity", "of a control row: the method's score minus the control's", bounded=True),
    "p_value": Metric("probability", "two-sided, of no difference; Holm-corrected over the board's methods"),
    "p_raw": Metric("probability", "the same, uncorrected"),
    "detectable": Metric("similarity", "minimum detectable effect of the difference: power .8, level .05"),
    "format_spread": Metric("similarity", "half the range of the score over formats"),
    "separable": Metric("0 or 1", "whether the difference reaches the larger format spread of its two rows"),
    "wasserstein": Metric("similarity", "mean 1 - W1 over items with ordered options"),
    "option_mass": Metric("probability", "that the next token begins an option"),
    "entropy_model": Metric("share of ln K", "mean entropy of the answers"),
    "entropy_survey": Metric("share of ln K", "the same of people"),
    "seed_spread": Metric("similarity", "standard deviation of the seeds' scores"),
    "format_score": Metric("similarity", "score in the format that facets names"),
    "elsewhere": Metric("similarity", "change of the score when told the culture in facets", bounded=True),
}
# Metrics that are told of several rows together, or are several figures of one.
OF_OTHERS = ("own_minus_cross", "format_score", "elsewhere")
# Fields of a row that have an interval.
BOUNDED = tuple(name for name, metric in METRICS.items() if metric.bounded and name not in OF_OTHERS)


def schema_markdown() -> str:
    """The schema as two Markdown tables: what stands beside every ``results.parquet``."""
    columns = [(f"`{c.name}`", c.dtype, c.unit, c.meaning) for c in COLUMNS]
    kinds = [(f"`{name}`", meaning) for name, meaning in KINDS.items()]
    metrics = [(f"`{name}`", metric.unit, metric.told) for name, metric in METRICS.items()]
    return (
        "# Results as data\n\n`alignbench.load_results(store)` and `results.parquet`: a row per cell, row of its board "
        "and metric.\nIntervals (95 % unless `scoring.confidence` says else) cover the choice of questions, not the "
        "chance in\ntraining: the board's cover that, too, where several seeds were run.\n\n"
        f"{pipe_table(('column', 'dtype', 'unit', 'meaning'), columns, 4)}\n"
        f"{pipe_table(('kind', 'meaning'), kinds, 2)}\n"
        f"{pipe_table(('metric', 'unit', 'meaning'), metrics, 3)}"
    )

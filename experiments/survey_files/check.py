"""Are the shares that alignbench reads from the public forms of the World Values Survey those that plain pandas finds?

People are drawn, written in the form of the official wave-7 file, of its inverted edition and of the time series, read
by alignbench, and counted once more with pandas from what was drawn. Prints the largest difference of each country in
each form, and what was refused by name; ends with 1 if a difference is above 1e-9. From the root of a checkout:

    python -m experiments.survey_files.check --people 1200
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alignbench.data.bundle import bundled
from alignbench.data.source.official import OfficialWave7
from alignbench.data.source.respondent_file import RespondentFile
from alignbench.data.source.timeseries import TimeSeries
from alignbench.types import Item

CLOSE = 1e-9
COUNTRIES = ("ARG", "CHN", "DEU", "EGY", "IRQ", "USA")
WAVE = 7


def _span(first: int, last: int) -> set[str]:
    return {f"Q{number}" for number in range(first, last + 1)}


# The questions that the inverted edition turns round, by its list of variables; and those of them that it writes as 1
# (mentioned) and 0 (not mentioned).
TURNED = (
    (_span(1, 89) - {"Q42", "Q48", "Q49", "Q50"})
    | {"Q119", "Q130", "Q151", "Q176", "Q234A"}
    | (_span(131, 148) | _span(165, 173) | _span(196, 222) | _span(224, 239) | _span(253, 259))
)
MENTIONED = _span(7, 26)
# Scales whose middle has the highest code have no mirror image: the edition has an order of its own for them.
REORDERED = {"Q56": {1: 3, 3: 2, 2: 1}, "Q119": {1: 4, 2: 3, 0: 2, 3: 1, 4: 0}}


@dataclass(frozen=True)
class Form:
    """A public form: a name, what is written, and who reads it."""

    name: str
    frame: pd.DataFrame
    reader: type[RespondentFile]


def drawn(people: int, seed: int) -> pd.DataFrame:
    """Respondents in the official form: country, id, weight (some of 0), answers with missing codes and some 99."""
    rng = np.random.default_rng(seed)
    n = people * len(COUNTRIES)
    weights = np.where(rng.random(n) < 0.02, 0, rng.lognormal(0, 0.4, n)).round(6)
    columns: dict[str, object] = {
        "B_COUNTRY_ALPHA": np.repeat(COUNTRIES, people),
        "D_INTERVIEW": np.tile(np.arange(people), len(COUNTRIES)) + 1,
        "W_WEIGHT": weights,
    }
    for item in bundled("wvs7").items:
        taste = rng.dirichlet(np.ones(len(item.codes)), len(COUNTRIES)).repeat(people, axis=0).cumsum(axis=1)
        answers = np.array(item.codes)[np.minimum((rng.random((n, 1)) > taste).sum(axis=1), len(item.codes) - 1)]
        answers[rng.random(n) < 0.05] = -1
        if item.id not in TURNED:
            answers[rng.random(n) < 0.01] = 99
        columns[item.id] = answers
    return pd.DataFrame(columns)


def inverted(official: pd.DataFrame) -> pd.DataFrame:
    """The same people as the inverted edition has them."""
    codes = {item.id: item.codes for item in bundled("wvs7").items}
    columns = {}
    for name, column in official.items():
        if name not in TURNED or name not in codes:
            columns[name] = column
            continue
        last = codes[str(name)][-1]
        mirror = {1: 1, 2: 0} if name in MENTIONED else {code: last + 1 - code for code in range(1, last + 1)}
        order = REORDERED.get(str(name), mirror)
        columns[f"{name}P"] = column.map(lambda code, order=order: order.get(code, code))
    return pd.DataFrame(columns)


def series(official: pd.DataFrame) -> pd.DataFrame:
    """The same people as a wave of the time series, between others of the wave before."""
    with (bundled("wvs7").folder / "timeseries_ids.csv").open(encoding="utf-8", newline="") as file:
        variables = {row["item"]: row["variable"] for row in csv.DictReader(file)}
    fixed = {"B_COUNTRY_ALPHA": "COUNTRY_ALPHA", "D_INTERVIEW": "S007", "W_WEIGHT": "S017"}
    frame = official.rename(columns=fixed | variables)[[*fixed.values(), *variables.values()]]
    return pd.concat([frame.assign(S002VS=WAVE - 1).sample(frac=0.5, random_state=0), frame.assign(S002VS=WAVE)])


def forms(official: pd.DataFrame) -> tuple[Form, ...]:
    """All three."""
    return (
        Form("official", official, OfficialWave7),
        Form("inverted", inverted(official), OfficialWave7),
        Form("time series", series(official), TimeSeries),
    )


def plain(official: pd.DataFrame, item: Item) -> pd.DataFrame:
    """Shares by pandas alone: a row a country, a column a code."""
    valid = official[official[item.id].isin(item.codes) & (official["W_WEIGHT"] > 0)]
    sums = valid.pivot_table("W_WEIGHT", "B_COUNTRY_ALPHA", item.id, "sum", fill_value=0).reindex(columns=item.codes)
    return sums.fillna(0).div(sums.sum(axis=1), axis=0)


def compared(form: Form, expected: Mapping[str, pd.DataFrame], folder: Path) -> tuple[dict[str, float], list[str]]:
    """Country -> largest difference of any share; and the items that the form has and alignbench does not take.

    Args:
        expected: item id -> its shares as :func:`plain` has them.
    """
    path = folder / f"{form.name.replace(' ', '_')}.csv"
    form.frame.to_csv(path, index=False)
    source = form.reader(str(path)) if form.reader is OfficialWave7 else TimeSeries(str(path), wave=WAVE)
    survey = source.load(())
    apart = dict.fromkeys(COUNTRIES, 0.0)
    for item, shares in expected.items():
        for iso3 in COUNTRIES:
            if item in survey.of(iso3):
                found = np.subtract(survey.of(iso3)[item].shares, shares.loc[iso3].to_numpy())
                apart[iso3] = max(apart[iso3], float(np.abs(found).max()))
    known = {item for item, column in source.layout.questions if {column, f"{column}P"} & set(form.frame)}
    return apart, sorted(known - {item.id for item in survey.items})


def main(words: Sequence[str] | None = None) -> int:
    """Print the differences; 1 if one is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1200, help="respondents of each country")
    knobs = parser.parse_args(words)
    official = drawn(knobs.people, seed=0)
    expected = {item.id: plain(official, item) for item in bundled("wvs7").items}
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for form in forms(official):
            apart, refused = compared(form, expected, Path(folder))
            worst = max(worst, *apart.values())
            print(f"{form.name:<12}" + "  ".join(f"{iso3} {gap:.0e}" for iso3, gap in apart.items()))
            print(f"{'':<12}refused by name: {', '.join(refused) or 'none'}")
    print(f"largest difference {worst:.1e}, at most {CLOSE:g} wanted")
    return 0 if worst <= CLOSE else 1


if __name__ == "__main__":
    sys.exit(main())

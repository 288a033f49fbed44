"""The published size: 864 questions, all framings, refusals and leakage, on a made-up sheet of the published form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from alignbench.benchmark.ask import ask
from alignbench.benchmark.menavalues import MenaValues
from alignbench.benchmark.menavalues_sheet import COUNTRIES, sheet_questions
from alignbench.types import Culture
from tests.evaluation.worlds import opened

from .full_sheet import ANSWERED, LAST_CODES, NOMINAL, write_sheet
from .speaking import Speaker, logs

IRAQ = Culture("iraq", "Iraq", "IRQ", "Iraqi", "ar", "iran")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    sheet = write_sheet(tmp_path_factory.mktemp("menavalues") / "sheet.xlsx")
    frame = pd.read_excel(sheet, header=None, dtype=object)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pd, "read_excel", lambda *_, **__: frame)  # a second each
        yield sheet


@pytest.mark.long
def test_every_country_of_the_sheet_loads(path: Path) -> None:
    found = {country: sheet_questions(path, iso3) for iso3, country in COUNTRIES.items()}
    counts = {country: len(entries) for country, entries in found.items()}
    assert counts == {country.replace("Tusnia", "Tunisia"): count for country, count in ANSWERED.items()}
    for entry in (e for country in found.values() for e in country):
        assert sum(entry.shares) == pytest.approx(1) and entry.codes[0] <= entry.centre <= entry.codes[-1]
    iraq = found["Iraq"]
    assert len({e.id for e in iraq}) == len(iraq) and len({e.question for e in iraq}) == len(iraq)
    assert {e.survey for e in iraq} == {"WVS", "AOI"} and {e.codes[0] for e in iraq} == {0, 1}
    assert Counter(e.codes[-1] for e in iraq).keys() <= LAST_CODES.keys()
    assert 0 < sum(not e.ordinal for e in iraq) <= NOMINAL


@pytest.mark.long
def test_three_framings_refusals_and_leakage_of_the_whole_sheet(path: Path) -> None:
    def say(chat):
        system = chat[0].content if len(chat) > 1 else ""
        return "I cannot say." if "lamp" in chat[-1].content and system else "2"

    engine = Speaker(lambda chat, options: logs([0.8] + [0.2 / (len(options) - 1)] * (len(options) - 1)), say)
    knobs = MenaValues(str(path))
    questions = knobs.questions(IRAQ)
    assert len(questions) == 3 * ANSWERED["Iraq"]
    table = knobs.score(ask(opened(engine), knobs, questions))
    rows = table.groupby(["metric", "framing"])["value"]
    lamps = sum("lamp" in q.item.question for q in questions) / len(questions)
    assert (
        rows.mean()["refusal_rate", "persona"] == pytest.approx(lamps) and rows.mean()["refusal_rate", "neutral"] == 0
    )
    assert rows.size()["nvas", "neutral"] == ANSWERED["Iraq"] > rows.size()["nvas", "persona"]
    assert rows.mean()["logit_leakage", "observer"] == 1 and ("logit_leakage", "neutral") not in rows.mean().index
    assert rows.mean()["fcs", "persona-observer"] == rows.mean()["spd", "neutral-persona"] == 100
    assert set(table["metric"]) >= {"kld", "kld_uniform", "nvas_midpoint", "nvas_uniform", "nvas_majority"}

"""The papers' experiments on nano: small, and in the direction that the known truth of the planted world demands.

What norms as a reward do is in test_directions, whether a reward is learnt in tests/method/test_culturerl.
"""

from __future__ import annotations

import json
from dataclasses import replace
from zlib import crc32

import pytest
from openpyxl import Workbook

from alignbench.benchmark.menavalues import MenaValues
from alignbench.benchmark.menavalues_sheet import COUNTRIES
from alignbench.runs.benchmarks import run_benchmark
from alignbench.runs.compare import compare
from alignbench.types import Split
from experiments.papers.replication import Published, of_store, table
from tests.method.chains import made
from tests.method.writers import writer
from tests.planted.conftest import row

# What an experiment of a paper sets for a large model, small.
NANO = "survey=world training=nano scoring=compact task=run control=false seed=0 training.updates=20".split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("papers")


@pytest.fixture(scope="module")
def of_paper(planted_cell, folder):
    """The cell of a paper's experiment on nano, all in one store."""
    return lambda paper, *words: planted_cell(folder, f"experiment=papers/{paper}", "model=nano", *NANO, *words)


def test_cultural_prompting_brings_the_country_and_fills_its_row(of_paper, folder) -> None:
    record, _ = compare(of_paper("cultural_prompt"))
    assert record.aligned.difference_low > 0.1
    theirs = Published("score", "score", "", "nano", "iraq", "cultural_prompt", 0.9)
    (line,) = [one for one in table([theirs], of_store(folder / "store"), ["iraq"]).splitlines() if "nano" in one]
    assert f"{record.aligned.score:.3f} [" in line and f"{record.aligned.score - 0.9:+.3f} [" in line


def test_norms_in_context_bring_the_country(of_paper) -> None:
    words = ("method=cnca_incontext", "author=template", "method.chains=1", "method.thought_tokens=8")
    assert compare(of_paper("cnca", *words))[0].aligned.difference_low > 0.05


def test_answers_of_the_country_as_labels_carry_over(of_paper) -> None:
    words = ("method.seeds=most_varying", "method.variant=seed_only", "method.told=never")
    record, _ = compare(of_paper("culturellm", *words))
    assert record.aligned.difference_low > 0.05
    assert record.aligned.score > row(record, "majority answer only").score - 0.05


def test_what_the_prompt_changes_is_learnt_and_needs_no_prompt_afterwards(of_paper) -> None:
    words = ("method.generated=0", "method.ask_items=true", "method.told=never", "method.joint=[]", "method.passes=2")
    record, _ = compare(of_paper("culturespa", *words, "training.prompts_per_update=8"))
    assert record.aligned.difference_low > 0.02


def spoken(cell):
    """A writer who says what most people of the country hold on a training item."""
    train, iso3 = cell.surveys[Split.train], cell.culture.iso3
    shares = {item: train.of(iso3)[item.id].shares for item in train.asked(iso3)}
    lines = [item.statement(item.level(held.index(max(held))), "I") for item, held in shares.items()]
    return writer(lambda asked, draw: lines[crc32(repr((asked, draw)).encode()) % len(lines)])


def test_dialogues_change_what_is_said_and_hardly_what_is_answered(of_paper) -> None:
    small = "adaptation=lexicon scenarios=2 takes=1 max_turns=2 filter=false tasks=[dialogue] epochs=8".split()
    words = ("generator=stock", "generator@critic=stock", "training.prompts_per_update=4")
    cell = of_paper("clca", *(f"method.{word}" for word in small), *words)
    cell = replace(cell, generator=spoken(cell))
    losses = [update["loss"] for update in json.loads((made(cell).fit.path / "history.json").read_text())]
    assert len(losses) > 3 and losses[-1] < 0.8 * losses[0]
    record, _ = compare(cell)
    assert abs(record.aligned.difference) < 0.05


def test_opinions_with_their_answers_bring_the_country(of_paper) -> None:
    words = "seeds=most_varying verify=none extract=sentences told=never count=12 turns=2 clusters=2 least=1".split()
    cell = of_paper("culturepark", *(f"method.{word}" for word in words))
    record, _ = compare(replace(cell, generator=spoken(cell)))
    assert record.aligned.difference > 0


def menavalues_sheet(cell, path) -> MenaValues:
    """The held-out questions of the world, as nano reads them, with Iraq's true shares in the published form."""
    survey, book = cell.surveys[Split.test], Workbook()
    answers, columns = survey.of("IRQ"), []
    for item in survey.asked("IRQ"):
        shares = dict(zip(item.codes, answers[item.id].shares, strict=True))
        mean = sum(code * share for code, share in shares.items())
        column = {"Source": "WVS 7", "Category": "ALL", "Sub Category": item.battery, "Sub Question": item.id}
        column |= {"Min": min(item.codes), "MAX": max(item.codes), "Scale": "y"}
        column["Full Question"] = cell.scoring.asking.prompt(item, 0, "forward", None).request.chat[-1].content
        column["Iraq"] = f"({mean:.4f}, { {str(code): f'{share:.4%}' for code, share in shares.items()} })"
        columns.append(column)
    for name in dict.fromkeys([*columns[0], *COUNTRIES.values()]):
        book.active.append([name, *(column.get(name, "(No data, {})") for column in columns)])
    book.save(path)
    return MenaValues(path=str(path))


def test_menavalues_finds_the_country_that_is_named_and_not_the_one_that_is_not(of_paper, tmp_path) -> None:
    cell = of_paper("menavalues", "culture=iraq", "method=cultural_prompt", "benchmark.path=sheet.xlsx")
    table, _ = run_benchmark(cell, menavalues_sheet(cell, tmp_path / "sheet.xlsx"))
    means = table[table["framing"].isin(["neutral", ""])].groupby(["label", "metric"])["value"].mean()
    named, plain = means["cultural_prompt"], means["base"]
    assert plain["nvas"] < plain["nvas_midpoint"] < named["nvas"]
    assert 0 <= named["nvas_majority"] - named["nvas"] < 10
    assert named["kld"] < 0.2 * named["kld_uniform"] < named["kld_uniform"] < plain["kld"]

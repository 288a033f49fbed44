"""The verdict on models written down by hand, what a probe asks, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir, instantiate
from alignbench.errors import AlignbenchError
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.statistics import Bootstrap
from alignbench.probe import design as designs
from alignbench.probe.design import design
from alignbench.probe.figures import luck
from alignbench.probe.measure import probe
from alignbench.probe.page import write_page, write_pages
from alignbench.probe.questions import asked
from alignbench.probe.recipe import Names, Probing
from alignbench.probe.summary import WIDTH, terminal_summary
from alignbench.report.origin import Origin
from alignbench.runs.cell import Cell
from alignbench.runs.compare import score_of
from alignbench.testing import composed
from alignbench.types import Split
from tests.probe.told import models, told_cell

FOLDERS = (conf_dir(),)
WORLD = ("model=nano", "control=false", "scoring.bootstrap=1000")
FEW = Probing(cultures=("iraq", "china", "usa", "germany", "brazil", "korea"), elicits=(Elicit.label,), items=14)


@pytest.fixture(scope="module")
def planted():
    """A cell of the planted world; nothing is asked of its model."""

    def cell(*words: str) -> Cell:
        cfg = composed(*WORLD, *words, "store=/nowhere", "reports=/nowhere")
        HydraConfig.instance().set_config(cfg)
        return Cell.from_config(cfg, FOLDERS, looking=True)

    return cell


@pytest.fixture(scope="module")
def probed(planted, tmp_path_factory):
    """Probes a model that is written down by hand."""
    cell, root = planted(), tmp_path_factory.mktemp("probed")

    def record(name: str, **knobs):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(designs, "_DRAWS", 1)  # designs are tested by themselves
            return probe(told_cell(cell, models(cell)[name], root / name), FEW.with_knobs(**knobs), FOLDERS)[0]

    record.root = root
    return record


# Model, names -> verdict, and how its direction must be described.
VERDICTS = {
    ("ignores", Names.own): ("cannot be told a country", "No direction can be told", "does not react"),
    ("knows", Names.own): ("worth prompting", "in the right direction", "It reacts"),
    ("wrong", Names.own): ("worth training", "in the wrong direction", "It reacts"),
    ("knows", Names.gibberish): ("cannot be told a country", "No direction can be told", "does not react"),
    ("wrong", Names.gibberish): ("cannot be told a country", "No direction can be told", "does not react"),
}


@pytest.mark.parametrize(("model", "names"), VERDICTS, ids=lambda value: getattr(value, "name", value))
def test_the_verdict_is_right_for_the_right_reason(probed, model, names) -> None:
    record = probed(model, names=names)
    judged, way, reacts = VERDICTS[model, names]
    assert record.verdict == judged
    assert way in " ".join(record.reasons) and reacts in " ".join(record.reasons)


def test_figures_are_those_that_were_planted(probed) -> None:
    knows, wrong = probed("knows").direction, probed("wrong").direction
    assert 0.35 < knows.shown.value < 0.55 and -0.55 < wrong.shown.value < -0.35
    assert knows.correlation.value > 0.9 and wrong.correlation.value < -0.9
    assert knows.interaction.low > 0 > wrong.interaction.high and knows.luck < 0.01
    assert 0 < knows.reaction.value < 0.5
    ignores = probed("ignores").direction
    assert ignores.reaction.value == ignores.shown.value == ignores.correlation.value == 0 and ignores.luck == 1
    assert ignores.interaction.value == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("names", Names)
def test_a_model_that_goes_by_the_spelling_of_a_name_is_in_no_direction(probed, names) -> None:
    record = probed("spelling", names=names)
    assert record.direction.reaction.value > 0.02 and record.nonsense > 0.02
    assert record.verdict != "worth prompting"


def test_a_model_that_hardly_answers_is_not_worth_prompting(probed) -> None:
    record = probed("knows", least_mass=0.95)
    assert record.verdict == "worth training" and "hardly answers" in record.reasons[0]


def test_names_that_mean_nothing_are_in_the_right_direction_no_oftener_than_by_chance() -> None:
    rng = np.random.default_rng(3)
    found = [luck(rng.normal(size=(9, 9)) + rng.normal(size=(9, 1)), 400, seed) for seed in range(300)]
    assert 0.01 < np.mean(np.array(found) < 0.05) < 0.09


def test_no_question_of_a_test_battery_is_asked_and_no_answer_to_one_is_read(planted) -> None:
    cell = planted()
    kept = {item.id for split in FEW.splits for item in cell.surveys[split].items}
    found = asked(cell, FEW, FOLDERS)
    stages = [stage for _, stage in found.stages]
    assert len(stages) == 1 + 6 + 3 + 2 + 2
    assert {item.id for stage in stages for item in stage.items} <= kept
    assert {item for known in found.truth.values() for item in known} <= kept
    batteries = [item.battery for item in found.items]
    assert len(batteries) == len(set(batteries)) == 14, "one question a battery, as long as there is another battery"
    with pytest.raises(AlignbenchError, match=r"task.splits = 'test': choose one of validation, train"):
        FEW.with_knobs(splits=(Split.test,))


def test_cells_share_the_answers_to_a_split_that_is_asked_whole(planted) -> None:
    cell = planted("method=cultural_prompt", "method.wordings=1", "scoring.split=validation", "culture=china")
    found = asked(cell, FEW.with_knobs(items=0, splits=(Split.validation,)), FOLDERS)
    own = {
        row.kind: row.responses.recipe for row in score_of(cell).answered if row.label in ("base", "cultural_prompt")
    }
    assert found.base.recipe == own["base"] and found.told[1].recipe == own["method"]


def test_a_form_that_the_model_does_not_read_is_named_with_its_reason(probed) -> None:
    record = probed("knows", elicits=(Elicit.label, Elicit.text, Elicit.sampled))
    label, text, sampled = record.elicits
    assert label.shown.value > 0.3 and record.reads_most == ("label",)
    assert text.shown is None and "lists no options" in text.why
    assert sampled.read == 0 and sampled.shown.value == 0


REFUSED = {
    "fewer than five": (FEW, {"cultures": ("iraq", "china", "usa", "brazil")}, "five|5 or more"),
    "twice": (FEW, {"cultures": ("iraq", "china", "usa", "brazil", "korea", "iraq")}, "each once"),
    "by two names": (FEW, {"cultures": ("iraq", "china", "usa", "brazil", "korea", "IRQ")}, "each country once"),
    "unknown": (FEW, {"cultures": ("iraq", "china", "usa", "brazil", "narnia")}, "no such culture"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_probed_is_refused_by_name(planted, case) -> None:
    knobs, changed, words = REFUSED[case]
    with pytest.raises(AlignbenchError, match=f"task.cultures.*({words})"):
        asked(planted(), knobs.with_knobs(**changed), FOLDERS)


def test_written_answers_are_refused_before_anything_is_asked(planted) -> None:
    with pytest.raises(AlignbenchError, match=r"scoring.elicit = 'sampled'.*looks probabilities up"):
        asked(planted("scoring.elicit=sampled"), FEW, FOLDERS)


def test_more_cultures_and_seeds_and_batteries_see_less() -> None:
    rng = np.random.default_rng(0)
    people = {f"q{i}": rng.dirichlet(np.full(4, 3.0), size=9) for i in range(24)}
    batteries = {item: item for item in people}
    told = {item: 0.9 * shares.mean(axis=0) + 0.1 * shares for item, shares in people.items()}
    sets = {"probe": 24, "half": 12, "one": 1}
    rows = {
        (r.differ, r.cultures, r.seeds): r.detectable
        for r in design(told, people, batteries, sets, 2.0, Bootstrap(100))
    }
    assert rows["told", 2, None]["probe"] > rows["told", 9, None]["probe"]
    assert rows["people", 5, 1]["probe"] > rows["people", 7, 1]["probe"] > rows["people", 9, 1]["probe"]
    assert rows["people", 9, 1]["probe"] / rows["people", 9, 3]["probe"] == pytest.approx((3 / (1 + 2 / 3)) ** 0.5)
    assert rows["told", 9, None]["probe"] < rows["people", 9, 3]["probe"] / 3
    assert rows["told", 9, None]["half"] / rows["told", 9, None]["probe"] == pytest.approx(2**0.5 * 1.04, rel=0.02)
    assert np.isnan(rows["told", 9, None]["one"])


def test_the_terminal_is_eighty_columns_wide_and_the_page_says_the_same(probed, tmp_path) -> None:
    from rich.console import Console

    record = probed("knows")
    console = Console(width=WIDTH, record=True, file=(tmp_path / "said").open("w"))
    console.print(terminal_summary(record))
    said = console.export_text()
    assert max(map(len, said.splitlines())) <= 80 and "…" not in said
    assert "nano: worth prompting" in said and "What a design would see" in said
    text = write_page(record, tmp_path, Origin()).read_text()
    assert "nano: worth prompting." in text and f"{record.people:.3f}" in text
    assert all(f"{row.detectable['probe']:.4f}" in text for row in record.design)


def test_a_report_writes_a_page_for_each_model_and_control(probed, tmp_path) -> None:
    own, control = probed("knows"), probed("knows", names=Names.gibberish)
    pages = {page.parent.name: page.read_text() for page in write_pages(probed.root / "knows", tmp_path)}
    assert set(pages) == {own.slug, control.slug} and "Control: " in pages[control.slug]


def test_the_task_takes_its_words(compose_config) -> None:
    task = instantiate(compose_config("task=probe", "task.names=gibberish", "task.elicits=[label,text]").task)
    assert task.names is Names.gibberish and len(task.cultures) == 9
    assert task.elicits == (Elicit.label, Elicit.text)

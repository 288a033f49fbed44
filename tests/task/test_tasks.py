"""The verbs of the command line, in process."""

import csv

import pytest

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError


def do(cfg):
    instantiate(cfg.task).main(cfg)


@pytest.mark.long
def test_a_plan_shows_what_is_done_and_what_waits_and_builds_nothing(compose_config, capsys, tmp_path):
    words = ("culture=iraq", "method=survey_sft", "control=false")
    do(compose_config("task=plan", *words))
    before = capsys.readouterr().out
    assert before.count("pending") == 6 and "fit/" in before and "0 of 6 stages done" in before
    assert not (tmp_path / "store").exists()
    do(compose_config("task=run", *words))
    capsys.readouterr()
    do(compose_config("task=plan", *words))
    after = capsys.readouterr().out
    assert "6 of 6 stages done" in after and "pending" not in after


@pytest.mark.long
def test_a_run_ends_with_table_and_page_and_a_report_rebuilds_them(compose_config, capsys, tmp_path):
    do(compose_config("task=run", "culture=iraq", "method=cultural_prompt"))
    said = capsys.readouterr().out
    assert "mean of other" in said and "95 %" in said
    page = tmp_path / "reports/cultural_prompt-iraq-blank-s0/index.html"
    first = page.read_text()
    page.unlink()
    do(compose_config("task=report"))
    assert page.read_text() == first
    with (tmp_path / "reports/board.csv").open() as file:
        rows = {row["label"]: row for row in csv.DictReader(file)}
    assert {"base", "cultural_prompt", "cultural_prompt of Argentina", "uniform answers"} <= rows.keys()
    assert rows["cultural_prompt"]["pages"] == "cultural_prompt-iraq-blank-s0/index.html"


@pytest.mark.long
def test_a_run_that_asks_for_less_keeps_the_damage_on_the_page(compose_config, tmp_path):
    words = ("task=run", "culture=iraq", "method=survey_sft", "control=false")
    do(compose_config(*words, "others=[brazil]"))
    page = tmp_path / "reports/survey_sft-iraq-blank-s0/index.html"
    assert "Brazil" in page.read_text() and "Respondents an item in IRQ: " in page.read_text()
    do(compose_config(*words))
    assert "Brazil" in page.read_text() and len(list(tmp_path.glob("store/score/*/record.json"))) == 2


@pytest.mark.long
def test_saudi_arabia_carries_its_note_wherever_it_is_shown(compose_config, capsys, tmp_path):
    do(compose_config("task=run", "culture=saudi", "method=none"))
    assert "Arab Opinion Index 2022" in " ".join(capsys.readouterr().out.split())
    assert "Arab Opinion Index 2022" in (tmp_path / "reports/none-saudi-blank-s0/index.html").read_text()


def test_a_report_of_nothing_is_refused(compose_config):
    with pytest.raises(AlignbenchError, match="no finished cell"):
        do(compose_config("task=report"))


def test_the_doctor_finds_a_model_that_is_not_there_and_goes_on(compose_config, capsys):
    do(compose_config("task=doctor"))
    said = capsys.readouterr().out
    assert "All well" in said and "task=probe" in said
    with pytest.raises(AlignbenchError, match="checks failed"):
        do(compose_config("task=doctor", "model=local", "model.path=./nowhere"))
    said = capsys.readouterr().out
    assert "FAIL  model" in said and "nowhere" in said and "ok    store" in said


@pytest.mark.long
def test_another_benchmark_pairs_the_method_with_the_base(compose_config, capsys, tmp_path):
    words = ("task=benchmark", "benchmark=vsm13", "culture=china", "method=cultural_prompt", "control=false")
    do(compose_config(*words))
    said = " ".join(capsys.readouterr().out.split())
    assert "vsm13, China, blank" in said and "Our wording is not the official instrument" in said
    folder = tmp_path / "reports/cultural_prompt-china-blank-s0"
    with (folder / "vsm13.csv").open() as file:
        rows = list(csv.DictReader(file))
    own = next(r for r in rows if r["entry"] == "cultural_prompt" and r["metric"] == "vsm13_distance")
    base = next(r for r in rows if r["entry"] == "base" and r["metric"] == "vsm13_distance")
    assert float(own["difference"]) == pytest.approx(float(own["value"]) - float(base["value"]))
    assert not base["difference"]
    do(compose_config(*words))
    assert "build" not in capsys.readouterr().out


def test_a_benchmark_must_be_chosen(compose_config):
    with pytest.raises(AlignbenchError, match="benchmark=menavalues"):
        do(compose_config("task=benchmark", "culture=china"))


@pytest.mark.long
def test_some_stages_are_built_alone_and_a_run_finds_them(compose_config, capsys, tmp_path):
    words = ("culture=iraq", "method=none", "control=false")
    with pytest.raises(AlignbenchError, match=r"task\.stages = 'norm': this cell has respond, samples, score;"):
        do(compose_config("task=build", "task.stages=[norm,respond]", *words))
    cfg = compose_config("task=run", *words)
    named = [name for name in instantiate(cfg.task).waiting(cfg) if name.startswith("respond/")]
    do(compose_config("task=build", f"task.stages=[{named[0]}]", *words))
    assert [f"respond/{path.parent.name}" for path in tmp_path.glob("store/*/*/manifest.json")] == named[:1]
    assert "reuse" not in capsys.readouterr().out
    do(cfg)
    assert f"reuse  {named[0]}" in capsys.readouterr().out
    assert instantiate(cfg.task).waiting(cfg) == {}

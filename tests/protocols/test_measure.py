"""task=protocols from config to files: one pass, every protocol, pooled over cells, and never asked twice."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from alignbench.config import instantiate
from alignbench.data.languages import translations
from alignbench.data.people import Person
from alignbench.data.published import published_set, published_sets
from alignbench.errors import AlignbenchError
from alignbench.evaluation.elicit import Elicit
from alignbench.evaluation.survey import Scoring
from alignbench.protocols.interviews import interviewees
from alignbench.protocols.measure import Measurement, measure
from alignbench.protocols.recipe import HELD_OUT, SEEN, AnswerForm, ItemBlock, Pass
from alignbench.protocols.record import ProtocolRecord
from alignbench.protocols.table import markdown, write_protocols
from alignbench.steps.texts import PersonaForm
from alignbench.types import Split

WORLD = ("survey=world", "scoring=compact", "method=cultural_prompt", "method.wordings=2")
ITEMS = ("W1", "W2", "W5", "W9", "W13")
FEW = Pass(items=ITEMS, respondents=3)


@pytest.fixture
def done(compose_config, make_cell, capsys):
    measure(make_cell(*WORLD, "culture=iraq"), FEW)
    task = ("task=protocols", f"task.items=[{','.join(ITEMS)}]", "task.respondents=3")
    cfg = compose_config(*WORLD, *task, "culture=china")
    instantiate(cfg.task).main(cfg)
    return capsys.readouterr().out


@pytest.mark.long
def test_two_cells_give_one_table_a_map_and_a_matrix(done, compose_config, make_cell, capsys, tmp_path):
    folder = tmp_path / "reports/protocols"
    table = pd.read_csv(folder / "protocols.csv")
    assert set(table["protocol"]) > {"CultureRL", "CultureSPA", "CLCA", "AlKhamissi", "WorldValuesBench", "OpinionQA"}
    assert set(table["protocol"]) > {"GlobalOpinionQA", "Tao"}
    assert set(table["culture"]) == {"iraq", "china"}
    keys = ["culture", "label", "protocol", "metric", "part"]
    assert not table.duplicated(keys).any() and table.groupby(["culture", "label"]).size().nunique() == 1
    assert table.loc[table["protocol"] == "Tao", "value"].isna().all()
    (pictures,) = [path for path in folder.iterdir() if path.is_dir()]
    names = {path.name for path in pictures.iterdir()}
    matrix = ("specificity.csv", "specificity.md", "specificity-cultural_prompt.png")
    assert names == {"cultural_map.png", "cultural_map.csv", *matrix}
    marks = pd.read_csv(pictures / "cultural_map.csv")
    assert marks["kind"].value_counts().to_dict() == {"country": 20, "model": 2, "base": 1}
    matrix = pd.read_csv(pictures / "specificity.csv")
    assert len(matrix) == 4 + 2 + 1 and matrix["own_minus_others"].notna().sum() == 3
    assert "generated world" in done and "exact match" in done

    again = make_cell(*WORLD, "culture=iraq")
    record, _ = measure(again, FEW)
    assert not again.store.built and record.real and record.respondents == 3
    (folder / "protocols.md").unlink()
    cfg = compose_config("task=report")
    instantiate(cfg.task).main(cfg)
    assert (folder / "protocols.md").is_file() and "protocols" in capsys.readouterr().out


@pytest.mark.long
def test_methods_of_a_culture_stand_in_one_table(make_cell):
    def of(method, culture):
        record, _ = measure(make_cell(*WORLD, f"culture={culture}"), FEW)
        figures = tuple(replace(f, label=method if f.label == "cultural_prompt" else f.label) for f in record.figures)
        return replace(record, method=method, figures=figures)

    records = [of(method, culture) for method in ("one", "two") for culture in ("iraq", "china")]
    text = markdown(records)
    assert text.count("\n## iraq") == text.count("\n## china") == 1
    rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("|")]
    assert {"base", "one", "two", "uniform answers"} <= {cell.strip() for cell in rows[0]}
    assert {len(row) for row in rows} == {len(rows[0])} and any(
        r"KL(model \|\| survey)" in line for line in text.splitlines()
    )


def test_real_people_keep_their_own_answers_and_assumed_ones_have_none(make_cell):
    cell = make_cell(*WORLD, "culture=iraq")
    items = FEW.asked(cell.surveys, cell.survey, cell.scoring.split)
    real = interviewees(cell, items, Pass(respondents=4))
    assert real.answers is not None and real.answers.shape == (4, 5) and real.note is None
    (drawn, *_) = cell.source.people("IRQ", 4, 0)
    assert real.answers[0].tolist() == [drawn.answers[item] for item in ITEMS]
    assert real.systems[0] == f"You live in Iraq. You are {drawn.words}."
    bundled = make_cell("culture=iraq")
    assumed = interviewees(bundled, bundled.survey.items[:5], Pass(respondents=4))
    assert assumed.answers is None and "assumed" in str(assumed.note)
    assert real.identity != interviewees(cell, items, Pass(respondents=4, people_seed=1)).identity


def test_personas_in_fields_have_what_the_survey_holds_and_nobody_is_made_up(make_cell):
    cell, knobs = make_cell(*WORLD, "culture=iraq"), replace(FEW, persona=PersonaForm.fields)
    items = FEW.asked(cell.surveys, cell.survey, cell.scoring.split)
    told, (person, *_) = interviewees(cell, items, knobs), cell.source.people("IRQ", 3, 0)
    lines = ["You live in Iraq. This is who you are:"]
    lines += [f"{name.title()}: {person.fields[name]}" for name in ("gender", "age", "education")]
    assert told.systems[0].splitlines() == lines
    assert "4 of CLCA's 12 fields: the survey holds no settlement, region, born, marital" in str(told.note)
    bundled = make_cell("culture=iraq")
    with pytest.raises(AlignbenchError, match=r"task\.persona = 'fields'.*survey=wvs7_official"):
        interviewees(bundled, bundled.survey.items[:5], knobs)
    with pytest.raises(AlignbenchError, match=r"method\.persona = 'fields'"):
        bundled = make_cell("method=persona", "method.persona=fields", "culture=iraq")
        bundled.method.align(bundled.context(bundled.culture))
    own = make_cell(*WORLD[:2], "method=persona", "method.persona=fields", "method.personas=2", "culture=iraq")
    model = own.method.align(own.context(own.culture))
    assert "Education: " in model.policy.systems_for(items[0])[0] and "CLCA's 12 fields" in model.notes[0]


@pytest.mark.long
def test_written_answers_are_a_form_of_their_own_and_those_unread_are_counted(make_cell):
    cell = make_cell(*WORLD, "culture=iraq")
    record, _ = measure(cell, replace(FEW, answers=AnswerForm.written, answer_tokens=3))
    assert record.block.endswith(", written answers") and record.name != measure(cell, FEW)[0].name
    unread = [
        re.fullmatch(r"(.+): ([\d.]+)% of the written answers could not be read\.", note) for note in record.notes
    ]
    shares = {found[1]: float(found[2]) for found in unread if found}
    assert shares.keys() == {"base", "cultural_prompt"} and shares["base"] > 50  # the blank model writes noise


def test_a_cell_may_be_asked_in_its_culture_s_language(make_cell, monkeypatch):
    cell, asked = make_cell("culture=china", "method=cultural_prompt"), []
    person = Person("a man", {}, {"age": "34", "class": "lower"})
    monkeypatch.setattr(type(cell.source), "people", lambda self, iso3, count, seed: (person,) * count)
    monkeypatch.setattr(type(cell.store), "get", lambda self, stage: asked.append(stage) or stage)
    monkeypatch.setattr(ProtocolRecord, "load", lambda path: None)
    monkeypatch.setattr(Measurement, "path", None, raising=False)
    knobs = Pass(persona=PersonaForm.fields, native=True, items=("Q1", "Q2"))
    measure(cell, knobs)
    base, method = (one.interview for one in asked[0].passes)
    assert base.people.systems[0].splitlines() == ["你住在中国。以下是你的情况：", "年龄: 34", "社会阶层: lower"]
    for model in (base.model, method.model):
        item = cell.survey.item("Q1")
        assert model.policy.language == "zh" and model.policy.worded(item) == translations("zh")["Q1"]
        assert "translated by a language model" in model.notes[-1]
    assert "China" in method.model.policy.systems_as("某人", item)[0] and base.model.policy.systems_for(item) == (None,)
    assert any(note.startswith("Respondents an item in CHN: ") for note in asked[0].notes)
    alone, mapped = asked[0].passes[0].alone
    assert "in the culture's language" in asked[0].block
    assert (alone.model.policy.language, mapped.model.policy.language) == ("zh", "en")
    with pytest.raises(AlignbenchError, match=r"task\.native.*task\.persona=fields"):
        Pass(native=True)
    with pytest.raises(AlignbenchError, match=r"W1.*task\.native"):
        measure(make_cell(*WORLD, "culture=china"), replace(knobs, items=("W1",)))


def test_every_published_set_is_a_block_and_held_only_by_a_world_values_survey(make_cell):
    wvs, world = make_cell("culture=iraq"), make_cell(*WORLD)
    sizes = {}
    for known in published_sets():
        block = Pass(block=ItemBlock[known.name])
        sizes[known.name] = len(block.asked(wvs.surveys, wvs.survey, wvs.scoring.split))
        with pytest.raises(AlignbenchError, match=rf"task\.block = '{known.name}'"):
            block.asked(world.surveys, world.survey, world.scoring.split)
    assert sizes == {"social_values": 44, "culturespa": 250, "culturerl": 62, "culturellm": 50}
    held_out = Pass().asked(wvs.surveys, wvs.survey, wvs.scoring.split)
    assert held_out == wvs.surveys[wvs.scoring.split].items


def test_nothing_is_called_held_out_that_a_paper_or_a_method_here_may_have_learnt_from(make_cell):
    cell = make_cell("culture=iraq")
    seen = {item.id for split in (Split.train, Split.validation) for item in cell.surveys[split].items}
    pool = published_set("culturerl").items

    def parts(block):
        items = Pass(block=block).asked(cell.surveys, cell.survey, cell.scoring.split)
        return {name: {item.id for item in part} for name, part in Pass(block=block).parts(items, seen).items()}

    tested = parts(ItemBlock.culturespa)
    assert [*tested] == ["in CultureRL's norm pool", SEEN, HELD_OUT]
    assert tested["in CultureRL's norm pool"] == pool and tested[SEEN] <= seen
    assert not tested[HELD_OUT] & (pool | seen) and [len(part) for part in tested.values()] == [62, 131, 57]
    assert parts(ItemBlock.culturerl) == parts(ItemBlock.culturellm) == parts(ItemBlock.held_out) == {}
    assert {name: len(part) for name, part in parts(ItemBlock.social_values).items()} == {SEEN: 35, HELD_OUT: 9}
    names = {split: Pass().block_name(split) for split in Split}
    assert names[Split.test] == "held-out (test)"
    assert all(names[split].endswith(", not held out") for split in (Split.train, Split.validation))


def test_interviews_look_probabilities_up_unless_answers_are_written():
    sampled = Scoring(elicit=Elicit.sampled).asking
    with pytest.raises(AlignbenchError, match=r"scoring.elicit.*task.answers=written"):
        Pass().interviewing(sampled)
    forward, tokens = Pass(answers=AnswerForm.written).interviewing(sampled)
    assert forward.elicit is Elicit.label and forward.replying is None and tokens == Pass().answer_tokens
    names = {Pass().block_name(Split.test, form) for form in Elicit}
    assert len(names) == len(Elicit) and Pass().block_name(Split.test) in names


def test_a_figure_is_split_into_its_parts(make_cell):
    cell = make_cell(*WORLD, "culture=iraq")
    record, _ = measure(cell, FEW)
    seen = {item.id for split in (Split.train, Split.validation) for item in cell.surveys[split].items}
    counts = {"": 5, SEEN: len(seen & {*ITEMS}), HELD_OUT: len({*ITEMS} - seen)}
    assert all(counts.values())
    own = [f for f in record.figures if f.label == "cultural_prompt"]
    by_part = {f.part: f for f in own if f.protocol == "CultureRL"}
    assert {part: figure.items for part, figure in by_part.items()} == counts
    assert {part: figure.trained for part, figure in by_part.items()} == {
        "": counts[SEEN],
        SEEN: counts[SEEN],
        HELD_OUT: 0,
    }
    whole = sum(figure.value * figure.items for part, figure in by_part.items() if part) / 5
    assert by_part[""].value == pytest.approx(whole)
    lines = [line for line in markdown([record]).splitlines() if line.startswith("| CultureRL |")]
    assert [line.split("|")[2].strip() for line in lines] == ["1 - JSD (ln)", f"↳ {SEEN}", f"↳ {HELD_OUT}"]


def test_a_respondent_takes_the_place_of_a_methods_own_persona(make_cell):
    cell = make_cell("culture=iraq", "method=prompt", "method.blocks=[persona,norms]", "method.personas=3")
    model = cell.method.align(cell.context(cell.culture))
    policy = model.policy.ready(cell.tools.folder)
    item = cell.survey.items[0]
    (text,) = policy.systems_as("You are Nour.", item)
    assert text.startswith("You are Nour.\n\n") and text.count("You are") == 1
    assert len(policy.systems_for(item)) == 3


@pytest.mark.long
def test_an_error_while_writing_leaves_the_old_files_whole(make_cell, tmp_path, monkeypatch):
    for culture in ("iraq", "china"):
        cell = make_cell(*WORLD, f"culture={culture}")
        measure(cell, FEW)
    page = write_protocols(cell.store.root, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.glob("protocols/**/*.*")}
    assert len(before) == 3 + 5 and page in before

    def torn(self, target, **_):
        Path(target).write_bytes(b"half")
        raise OSError(28, "no space left")

    for owner, name in ((pd.DataFrame, "to_csv"), (pd.DataFrame, "to_parquet"), (Figure, "savefig")):
        with monkeypatch.context() as full:
            full.setattr(owner, name, torn)
            with pytest.raises(OSError, match="no space"):
                write_protocols(cell.store.root, tmp_path)
        assert {path: path.read_bytes() for path in tmp_path.glob("protocols/**/*.*")} == before

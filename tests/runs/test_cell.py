"""Cells from config: what a user brings, and what is refused before any weights load."""

import shutil

import numpy as np
import pytest

from alignbench.data.bundle import bundled
from alignbench.errors import AlignbenchError
from alignbench.identity import canonical
from alignbench.runs.compare import compare, score_of
from alignbench.runs.stages import Respond


def shares_of(cell, iso3, path, rows=None):
    answers = cell.survey.of(iso3)
    lines = ["item,code,share,n"]
    for item in cell.survey.asked(iso3):
        lines += [f"{item.id},{c},{s},1000" for c, s in zip(item.codes, answers[item.id].shares, strict=True)]
    path.write_text("\n".join(lines if rows is None else rows) + "\n")
    return path


ATLANTIS = ("culture.name=atlantis", "culture.country=Atlantis", "culture.iso3=ATL", "culture.adjective=Atlantean")


@pytest.mark.long
def test_a_new_culture_from_a_csv_works_like_the_others(make_cell, tmp_path):
    iraq = make_cell("culture=iraq")
    file = shares_of(iraq, "IRQ", tmp_path / "atlantis.csv")
    cell = make_cell("culture=iraq", *ATLANTIS, f"culture.shares={file}", "method=survey_sft", "control=false")
    record, _ = compare(cell)
    assert record.cell.culture == "atlantis"
    mine, theirs = cell.survey.of("ATL"), iraq.survey.of("IRQ")
    assert all(np.allclose(mine[i].shares, theirs[i].shares, atol=1e-6) for i in theirs)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["item,kode,share", "Q1,1,1.0"], "code"),
        (["item,code,share", "Q1,1,0.4", "Q1,2,0.1"], "Q1"),
        (["item,code,share", "Q1,1,0", "Q1,2,0", "Q1,3,0", "Q1,4,0"], "Q1"),
        (["item,code,share", "Q1,77,1.0"], "77"),
    ],
)
def test_a_wrong_table_is_refused_naming_the_place(rows, message, make_cell, tmp_path):
    file = shares_of(make_cell("culture=iraq"), "IRQ", tmp_path / "wrong.csv", rows)
    with pytest.raises(AlignbenchError, match=r"wrong\.csv") as caught:
        make_cell("culture=iraq", *ATLANTIS, f"culture.shares={file}")
    assert message in str(caught.value)


def test_a_model_without_chat_template_is_refused(make_cell, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(make_cell("culture=iraq").model.path, bare)
    (bare / "chat_template.jinja").unlink()
    with pytest.raises(AlignbenchError, match="chat template"):
        make_cell("culture=iraq", "model=local", f"model.path={bare}")


def test_an_unknown_control_names_near_ones(make_cell):
    with pytest.raises(AlignbenchError, match="china"):
        make_cell("culture=iraq", "culture.control=chnia")


def test_a_country_that_the_survey_missed_is_refused(make_cell):
    with pytest.raises(AlignbenchError, match="SAU"):
        make_cell("culture=saudi", "survey=wvs7")


@pytest.mark.long
def test_stages_are_shared_where_the_meaning_is_the_same(make_cell):
    first = make_cell("culture=iraq", "method=none", "backend.batch_tokens=512")
    compare(first)
    other = make_cell("culture=china", "method=none", "backend.batch_tokens=4096")
    base = score_of(other).answered[0].responses
    assert other.store.find(base).key == first.store.key(score_of(first).answered[0].responses)
    compare(other)
    assert other.store.key(base) not in {built.key for built in other.store.built}


def test_what_was_found_in_a_survey_file_stands_under_its_tables(make_cell, tmp_path):
    path = tmp_path / "wave7.csv"
    codes = {item.id: item.codes[0] for item in bundled("wvs7").items}
    lines = ["B_COUNTRY_ALPHA,W_WEIGHT," + ",".join(codes), *[f"IRQ,1,{','.join(map(str, codes.values()))}"] * 3]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = make_cell("culture=iraq", "method=none", "control=false", "survey=wvs7_official", f"survey.path={path}")
    assert found.survey.notes and set(found.survey.notes) <= set(score_of(found).notes)
    assert not any(str(tmp_path) in note for note in found.survey.notes), "a key does not depend on where a file lies"


def test_tokens_of_a_stage_are_its_own_although_stages_share_an_engine(make_cell):
    cell = make_cell("culture=iraq", "method=none")
    model, items = cell.method.align(cell.context(cell.culture)), cell.survey.items[:3]
    asked = (Respond(model, order, cell.scoring.asking) for order in (items, items[::-1]))
    first, second = map(cell.store.get, asked)
    assert first.key != second.key and len(cell.store.built) == 2
    assert first.facts["prompt_tokens"] == second.facts["prompt_tokens"] > 0


def test_a_cell_keeps_every_knob_as_it_was_resolved(make_cell, compose_config):
    words = ("culture=iraq", "method=survey_rl", "seed=3")
    cfg, knobs = compose_config(*words), make_cell(*words).config["knobs"]
    assert set(knobs) == {str(key) for key in cfg} - {"hydra"}
    assert knobs["seed"] == 3 and knobs["culture"]["iso3"] == "IRQ" and knobs["stale"] == "rebuild"
    assert knobs["method"]["reward"] == cfg.method.reward.name
    assert "${" not in canonical(knobs)

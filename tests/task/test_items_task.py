"""``task=items``: the questions of a survey, as a table and as a CSV."""

import pandas as pd
import pytest

from alignbench.config import instantiate
from alignbench.data.source.bundled import BundledSurvey
from alignbench.errors import AlignbenchError


def items(cfg):
    instantiate(cfg.task).main(cfg)


@pytest.mark.parametrize("culture", ["usa", "saudi"])
def test_every_item_stands_in_the_table_and_in_the_csv(culture, compose_config, capsys, tmp_path):
    items(compose_config("task=items", f"culture={culture}"))
    lines = capsys.readouterr().out.splitlines()
    survey = BundledSurvey("wvs7" if culture == "usa" else "aoi2022").load(())
    end = next(k for k, line in enumerate(lines) if not line)
    assert [line.split()[0] for line in lines[1:end]] == [item.id for item in survey.items]
    assert max(map(len, lines[:end])) <= 80
    table = pd.read_csv(tmp_path / f"reports/items-{survey.name}-{culture}.csv", index_col="item")
    iso3 = {"usa": "USA", "saudi": "SAU"}[culture]
    assert set(table.index[table.asked]) == {item.id for item in survey.asked(iso3)}
    for item in survey.asked(iso3)[:5]:
        row = table.loc[item.id]
        assert row["question"] == item.question and row["options"].split(" | ") == list(item.options)
        n = survey.of(iso3)[item.id].n
        assert pd.isna(row["n"]) if n is None else row["n"] == n


def test_it_says_which_items_are_left_out_and_why(compose_config, capsys, tmp_path):
    items(compose_config("task=items", "culture=usa"))
    assert "not asked" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Q33 "))
    table = pd.read_csv(tmp_path / "reports/items-wvs7-usa.csv", index_col="item")
    assert "three answers" in table.loc["Q33", "why_not"]


def test_respondents_are_shown_with_what_they_are_worth_and_who_gave_no_answer(compose_config, capsys, tmp_path):
    path = tmp_path / "wave7.csv"
    rows = ["IRQ,1,1,1", "IRQ,2,1,2", "IRQ,3,-1,9", "IRQ,1,2,"]
    path.write_text("\n".join(["B_COUNTRY_ALPHA,W_WEIGHT,Q1,Q57", *rows]), encoding="utf-8")
    items(compose_config("task=items", "culture=iraq", "survey=wvs7_official", f"survey.path={path}"))
    out = capsys.readouterr().out
    said, _, table = out.partition("n (effective)")
    assert "weighted by column W_WEIGHT" in said
    q1 = next(line for line in table.splitlines() if line.startswith("Q1 "))
    assert q1.endswith("3 (3)") and len(q1) <= 80  # 4 ** 2 / 6 = 2.67
    row = pd.read_csv(tmp_path / "reports/items-wvs7_official-iraq.csv", index_col="item").loc["Q1"]
    assert row["effective"] == pytest.approx(16 / 6)
    assert row[["missing", "blank", "off_scale"]].tolist() == [1, 0, 0]


def test_a_split_or_a_battery_alone_may_be_shown(compose_config, capsys):
    items(compose_config("task=items", "culture=iraq", "model=nano", "task.split=validation"))
    shown = capsys.readouterr().out.partition("\n\n")[0].splitlines()[1:]
    assert shown and all(" validation " in line for line in shown)
    with pytest.raises(AlignbenchError, match=r"task\.battery = 'none'"):
        items(compose_config("task=items", "culture=iraq", "task.battery=none"))

"""``task=view``: every answer of a cell with its prompt, and its synthetic sets, as a folder that can be sent."""

import pandas as pd
import pytest

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.report.origin import Origin
from alignbench.report.sets import shelf, write_sets
from alignbench.store.stage import Artifact
from alignbench.synthetic.folder import DatasetCard, write_set
from alignbench.synthetic.tally import Tally

CELL = ("task=view", "culture=iraq", "method=clca", "generator=stock", "generator@critic=stock")


def view(cfg):
    instantiate(cfg.task).main(cfg)


@pytest.mark.long
def test_an_unfinished_cell_shows_what_it_has_and_builds_nothing(compose_config, make_cell, capsys, tmp_path):
    with pytest.raises(AlignbenchError, match="run it first"):
        view(compose_config(*CELL))
    cell = make_cell(*CELL[1:], "method.least_dialogues=11")
    with pytest.raises(AlignbenchError, match="at least 11"):
        cell.store.get(cell.method.align(cell.context(cell.culture)).training)
    capsys.readouterr()
    view(compose_config(*CELL, "method.least_dialogues=11"))
    said = capsys.readouterr().out
    page = tmp_path / "reports/clca-iraq-blank-s0/view/sets.html"
    assert f"sets    {page} (0." in said and "not finished" in said and not page.with_name("index.html").exists()
    text = page.read_text()
    assert text.count("<article") == 10 and "judge/" in text and "kept of 10" in text
    assert "<script" not in text and "http" not in text.replace("http-equiv", "")
    assert {s.name for s in cell.store.built} == {"roleplay", "judge"}


def test_other_sets_are_tables_and_texts_are_escaped(tmp_path):
    rows = pd.DataFrame(
        {
            "opinion": [f"<b>{i}</b> & so" for i in range(40)],
            "asked": [["a", "b"]] * 40,
            "asked_probability": [0.25] * 40,
        }
    )
    ledger = Tally("opinions", kept=40)
    about = DatasetCard("Opinions", "x", "Iraq", (), "a model", None, (), dict.fromkeys(rows.columns, "?"))
    folder = tmp_path / "opinions/0f"
    folder.mkdir(parents=True)
    write_set(folder, rows, about, [ledger])
    found = shelf(Artifact(folder), 3)
    assert [e.after["opinion"][3:-9] for e in found.entries] == ["0", "20", "39"]
    text = write_sets("Sets", [found], Origin(), tmp_path / "sets.html").read_text()
    assert "&lt;b&gt;20&lt;/b&gt; &amp; so" in text and "a, b, 0.25" in text
    assert "3 of 40 rows" in text and "<article" not in text


def test_a_set_too_wide_for_a_table_has_a_card_for_each_row(tmp_path):
    rows = pd.DataFrame({f"part_{k}": [f"text {k}"] * 2 for k in range(12)})
    about = DatasetCard("Scenes", "x", "Iraq", (), "a model", None, (), dict.fromkeys(rows.columns, "?"))
    folder = tmp_path / "scenes/0f"
    folder.mkdir(parents=True)
    write_set(folder, rows, about, [Tally("scenes", kept=2)])
    text = write_sets("Sets", [shelf(Artifact(folder), 9)], Origin(), tmp_path / "sets.html").read_text()
    assert text.count("<article") == 2 and "<table" not in text and text.count("text 11") == 2
    assert "nothing was said" not in text

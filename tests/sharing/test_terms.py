"""What a model is asked in, and under which terms it comes, goes where its cell goes: onto pages and into exports."""

import shutil

import pytest

from alignbench.backend.declared import PLAIN_TEXT
from alignbench.runs.compare import compare
from alignbench.sharing.folder import write_folder
from alignbench.sharing.found import of_cell

TERMS = "https://example.org/terms"


@pytest.mark.long
def test_a_base_model_under_terms_is_shared_with_its_template_and_its_terms(make_cell, tmp_path):
    base = shutil.copytree(make_cell("culture=iraq").model.path, tmp_path / "base")
    (base / "chat_template.jinja").unlink()
    (base / "NOTICE").write_text("The base comes under terms.")
    (base / "TERMS.html").write_text("<p>Be kind.</p>")
    asked = ("culture=iraq", "method=cultural_prompt", "method.wordings=1", "control=false", "scoring.orders=forward")
    words = ("model=local", f"model.path={base}", "model.template=plain", "model.licence=Gemma", f"model.terms={TERMS}")
    record, _ = compare(make_cell(*asked, *words, "model.accept_licence=true"))
    assert any("asked in the plain template (model.template=plain)" in note for note in record.notes)
    (licence,) = (entry.licence for entry in record.provenance if entry.what == "model")
    assert licence == f"Gemma ({TERMS}), accepted"
    found = of_cell(make_cell(*asked, *words, "model.accept_licence=true", looking=True))
    folder = write_folder(found, tmp_path / "out")
    assert (folder / "chat_template.jinja").read_text() == PLAIN_TEXT
    assert [(folder / name).read_text() for name in ("NOTICE", "TERMS.html")] == [
        (base / name).read_text() for name in ("NOTICE", "TERMS.html")
    ]
    card = (folder / "README.md").read_text()
    assert "license: gemma" in card and "NOTICE, TERMS.html" in card and licence in card
    assert "`chat_template.jinja` is the chat template that the base model" in card

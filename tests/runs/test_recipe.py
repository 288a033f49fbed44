"""Variants of a method are told apart by what a command changed in it."""

import pytest

from alignbench.runs.describe import cell_facts
from alignbench.runs.recipe import used


def test_what_a_choice_sets_by_itself_is_no_change(make_cell):
    cell = make_cell("culture=iraq", "method=persona", "method.personas=10")
    assert not [knob for knob in cell.changed if knob.startswith("method.")]
    assert cell.changed["training.updates"] == "2"
    assert cell.slug == "persona-iraq-blank-s0"


def test_changed_knobs_are_named_as_typed_and_stand_in_the_page_name(make_cell):
    words = ("culture=iraq", "method=prompt", "method.blocks=[persona,norms]", "method.chains=4")
    cell = make_cell(*words)
    assert {k: v for k, v in cell.changed.items() if k.startswith("method.")} == {"method.blocks": "persona+norms"}
    assert cell.slug == "prompt-blocks=persona+norms-iraq-blank-s0"


def test_a_knob_that_adapts_to_the_machine_is_not_a_change(make_cell):
    assert make_cell("method=survey_sft", "training.dtype=auto").changed.get("training.dtype") is None
    assert make_cell("method=survey_sft", "training.dtype=float32").changed["training.dtype"] == "float32"


def test_another_model_in_a_slot_is_a_change_and_goes_by_its_name(make_cell):
    words = ("culture=iraq", "method=cnca_sft", "author=llm")
    assert not [knob for knob in make_cell(*words).changed if knob.startswith("author")]
    slot = ("generator@author.generator=api", "author.generator.backend.served_model=big")
    assert make_cell(*words, *slot).changed["author.generator"] == "big"
    critic = ("generator@critic=api", "critic.backend.served_model=stern")
    assert make_cell(*words, *critic).changed["critic"] == "stern"


@pytest.mark.long
def test_only_what_had_a_part_in_the_model_tells_variants_apart(make_cell):
    def groups(*words):
        cell = make_cell("culture=iraq", *words)
        return used(cell.method.align(cell.context(cell.culture)))

    assert groups("method=persona") == {"method"}
    assert groups("method=self_alignment") == {"method", "embedder"}
    assert groups("method=survey_sft") == {"method", "training"}
    assert groups("method=cnca_incontext") == {"method", "author", "embedder"}
    assert groups("method=survey_rl") == {"method", "training", "judge", "embedder"}
    assert groups("method=culturerl") == {"method", "training", "judge", "embedder", "generator"}
    assert groups("method=culturerl", "method.wordings=template") == groups("method=survey_rl")


def test_who_is_not_asked_has_no_part(make_cell):
    def groups(*words):
        cell = make_cell("culture=iraq", "method=culturepark", *words)
        return used(cell.method.align(cell.context(cell.culture))) & {"judge", "critic"}

    assert groups("method.verify=none") == set()
    assert groups("method.verify=critic") == {"critic"}
    assert groups("method.verify=judge") == {"judge"}


def test_a_report_names_who_had_a_part_and_nobody_else(make_cell):
    def beside(*words):
        cell = make_cell("culture=iraq", *words)
        told = cell_facts(cell, cell.method.align(cell.context(cell.culture)))
        slots = {"judge", "embedder", "author", "generator", "critic"}
        return told.training is not None, slots & told.labels.keys()

    assert beside("method=persona") == (False, set())
    assert beside("method=culturellm", "method.variant=seed_only") == (True, set())
    assert beside("method=culturellm") == (True, {"generator", "embedder"})
    assert beside("method=survey_rl") == (True, {"judge", "embedder"})

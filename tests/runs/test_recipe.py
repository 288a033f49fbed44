"""Variants of a method are told apart by what a command changed in it."""


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

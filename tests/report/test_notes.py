"""Notes that say nearly the same are told once."""

from alignbench.report.notes import told_once

RULE = "They are left out; a question without any other counts as even shares."


def test_notes_that_differ_in_their_figures_are_one_that_names_the_cells() -> None:
    notes = [
        ("a for Iraq", f"Replies that could not be read: base 1.0%, a 2.5%. {RULE}"),
        ("a for Iraq", "Respondents an item in IRQ: 1180 to 1200."),
        ("b for Iraq", f"Replies that could not be read: base 1.0%, b 0.0%. {RULE}"),
        ("b for Iraq", "Respondents an item in IRQ: 1180 to 1200."),
        ("c for Iraq", f"Replies that could not be read: base 1.0%, b 0.0%. {RULE}"),
    ]
    assert told_once(notes) == [
        "Replies that could not be read: a for Iraq (base 1.0%, a 2.5%); b for Iraq, c for Iraq (base 1.0%, b 0.0%). "
        + RULE,
        "Respondents an item in IRQ: 1180 to 1200.",
    ]


def test_other_notes_stay_as_they_are() -> None:
    plain = ["No colon here.", "With one: and nothing else", "Subject: 1. Rest.", "Subject: 1. Other rest."]
    assert told_once([("a", note) for note in plain] * 2) == plain


def test_figures_without_a_rest_end_in_a_full_stop() -> None:
    assert told_once([("a", "Cut: 1%."), ("b", "Cut: 2%.")]) == ["Cut: a (1%); b (2%)."]

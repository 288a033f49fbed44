"""CultureLLM on a stand-in generator: what is made, what it is labelled with, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.method.culturellm import Augmentation, CultureLLM
from alignbench.steps.lessons import Disclosure
from alignbench.steps.seeds import Typical, typical
from alignbench.synthetic.folder import read_set
from alignbench.types import PromptPolicy
from tests.method.chains import aligned, key, made
from tests.method.writers import GARBAGE, writer

FEW = CultureLLM(count=4, paraphrases=2, tries=1, wordings=4, words=1, similarity=0.5, least=4)
KEPT = "method=culturellm"


def says(chat, draw):
    """Two paraphrases of a question, or two synonyms of a word."""
    asked = chat[-1].content
    if asked.startswith("Name words"):
        return "gizmo, widget"
    return f"{('Tell me', 'Please say')[draw]}: {asked.partition(': ')[2]}"


@pytest.fixture
def fitted(make_cell):
    """Builds a method with a generator and gives what was made and the context."""

    def fit(method, say=says, culture="iraq"):
        cell = replace(make_cell(KEPT, f"culture={culture}"), generator=writer(say))
        return made(cell, method=method), cell.context(cell.culture)

    return fit


def sets(found):
    return {stage.name: read_set(stage.path) for stage in found.finished if (stage.path / "tallies.json").is_file()}


def test_every_wording_carries_the_answer_of_its_seed(fitted) -> None:
    found, context = fitted(FEW)
    model = found.model
    (wordings, drawn), (rows, accounts) = sets(found)["augment"], sets(found)["label"]

    assert len(wordings) == 16 and set(wordings["cosine"] > 0.5) == {True}
    assert [tally.what for tally in drawn] == ["paraphrases", "synonyms", "wordings with a synonym"]
    assert [tally.kept for tally in drawn] == [8, 8, 8]
    assert (wordings["question"].str.contains("izmo|idget")).sum() == 8
    assert accounts[-1].what == "seeds for IRQ" and accounts[-1].kept == rows["item"].nunique()
    for row in rows.to_dict("records"):
        item = context.train.item(row["item"])
        position = typical(item, context.train.of("IRQ")[item.id], Typical.mode)
        assert (row["position"], row["answer"]) == (position, item.options[position])
    assert len(rows) == rows["item"].nunique() * 5
    # Both orders of every question.
    assert found.fit.facts["rows"] == 2 * len(rows)
    assert model.policy.systems == ("You are a chatbot of Iraq and know the people of Iraq very well.",)
    assert any("stand-in" in note for note in model.notes) and found.names == {"augment", "label", "fit"}
    assert "stand-in" in (found.stage("label").path / "README.md").read_text()


def test_the_control_shares_the_wordings_and_has_labels_of_its_own(make_cell) -> None:
    cell = replace(make_cell(KEPT, "culture=iraq"), generator=writer(says))
    own, other = made(cell, method=FEW), made(cell, cell.control, FEW)
    assert own.stage("augment") == other.stage("augment")
    assert own.stage("label") != other.stage("label") and own.fit != other.fit
    assert "Argentina" in other.model.policy.systems[0]


def test_a_model_that_was_told_something_else_is_trained_anew(make_cell) -> None:
    cell = replace(make_cell(KEPT, "culture=iraq"), generator=writer(says))
    renamed = replace(cell.culture, country="Mesopotamia")
    own, other = made(cell, method=FEW), made(cell, renamed, FEW)
    assert own.stage("label") == other.stage("label") and own.fit != other.fit
    silent = replace(FEW, told=Disclosure.never)
    assert key(cell, aligned(cell, method=silent)) == key(cell, aligned(cell, renamed, silent))


def test_trained_together_all_cultures_share_one_adapter_and_are_told_apart(make_cell) -> None:
    cell = replace(make_cell(KEPT, "culture=iraq"), generator=writer(says))
    together = FEW.with_knobs(joint=("IRQ", "ARG"), variant=Augmentation.sentence_only)
    own, other = made(cell, method=together), made(cell, cell.control, together)
    assert own.fit == other.fit and own.model.policy != other.model.policy
    assert "One model of ARG, IRQ" in own.model.notes[0]
    rows, _ = sets(own)["label"]
    assert set(rows["iso3"]) == {"IRQ", "ARG"}
    with pytest.raises(AlignbenchError, match="told apart"):
        together.with_knobs(told=Disclosure.never)


def test_seeds_alone_need_no_generator(fitted) -> None:
    def silent(chat, draw):
        raise AssertionError

    found, _ = fitted(FEW.with_knobs(variant=Augmentation.seed_only, told=Disclosure.never), silent)
    model = found.model
    assert "augment" not in found.names and model.policy == PromptPolicy() and model.notes == ()


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_a_generator_that_writes_garbage_is_refused_with_the_account(fitted, kind) -> None:
    reasons = {"empty": "8 empty", "refusal": "8 refusal", "babble": "8 not a question", "echo": "8 copies the seed"}
    with pytest.raises(AlignbenchError, match=rf"method\.least.*paraphrases: 0 kept of 8 \(dropped: {reasons[kind]}\)"):
        fitted(FEW, GARBAGE[kind])

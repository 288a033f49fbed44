"""CulturePark on a stand-in generator: what the delegate says becomes a reason for the country's answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alignbench.errors import AlignbenchError
from alignbench.method.culturepark import CulturePark, Pairing
from alignbench.steps.lessons import reasoned
from alignbench.synthetic.folder import read_set
from alignbench.synthetic.opinions import Extract, Verification
from tests.method.chains import made
from tests.method.writers import GARBAGE, writer

FEW = CulturePark(count=4, dialogues=1, turns=3, clusters=2, extract=Extract.sentences, least=3)
ELSE = ("Rivers run to the sea where I live.", "Bread tastes best warm in the early morning, with honey and some tea.")


def says(chat, draw):
    """The delegate repeats in its own words what it was told to hold, the contact talks about something else."""
    told, asked = chat[0].content, chat[-1].content
    if asked.startswith("List"):
        return f"1. {asked.partition(': ')[2]}"
    if "What you think is this" not in told:
        return "Rivers run to the sea in my own country."
    attitude = told.partition('"')[2].partition('"')[0]
    return f"{attitude} {ELSE[sum(message.role == 'assistant' for message in chat)]}"


@pytest.fixture
def fitted(make_cell):
    def fit(method, say=says, *words):
        cell = make_cell("method=culturepark", "culture=iraq", "judge.margin=0.01", "judge.related_cut=0.3", *words)
        cell = replace(cell, generator=writer(say), critic=writer(say, "critic"))
        return made(cell, method=method), cell.context(cell.culture)

    return fit


def opinions(found):
    return read_set(found.stage("opinions").path)


def test_opinions_that_fit_the_countrys_answer_are_kept_and_the_others_counted(fitted) -> None:
    found, context = fitted(FEW)
    rows, (seeds, tally) = opinions(found)

    assert seeds.kept == rows["item"].nunique() and tally.kept == len(rows) == seeds.kept
    assert tally.dropped["irrelevant"] == 2 * seeds.kept  # rivers and bread
    assert not rows["opinion"].str.contains("Rivers|Bread").any()
    for row in rows.to_dict("records"):
        item = context.train.item(row["item"])
        shares = context.train.of("IRQ")[item.id].shares
        assert shares[row["position"]] == max(shares)
        assert row["stance"] == f"I {item.predicates[item.level(row['position'])]}."
        assert row["stance"].rstrip(".") in row["opinion"]
    assert found.names == {"debate", "opinions", "fit"} and "Iraq" in found.model.policy.systems[0]


def test_a_reply_is_the_label_and_then_the_reason(make_cell) -> None:
    cell = make_cell("method=culturepark")
    context = cell.context(cell.culture)
    items = context.train.items[:2]
    rows = reasoned(context.model, context.asking, [(item, 0, "I think so.") for item in items], "Be from Iraq.")
    # Orders in turn: the first option is listed first, then last.
    assert rows[0].reply == "1. I think so." and rows[1].reply == f"{len(items[1].codes)}. I think so."
    assert [m.role for m in rows[0].chat] == ["system", "user"] and items[0].question in rows[0].chat[-1].content


@pytest.mark.parametrize(
    "knobs",
    [
        {"mode": Pairing.within, "guided": False},
        {"verify": Verification.critic, "extract": Extract.model},
        {"self_calibration": False, "verify": Verification.none, "least": 1},
    ],
)
def test_ablations_run(fitted, knobs) -> None:
    found, _ = fitted(FEW.with_knobs(**knobs))
    assert (found.fit.path / "adapter_model.safetensors").is_file() and len(opinions(found)[0])


def test_a_killed_debate_goes_on_from_its_last_turn(fitted, make_cell) -> None:
    spoken = []

    def broken(chat, draw):
        spoken.append(chat)
        if len(spoken) == 5:
            raise KeyboardInterrupt
        return says(chat, draw)

    cell = replace(make_cell("method=culturepark", "culture=iraq"), generator=writer(broken))
    known = FEW.with_knobs(count=3)
    with pytest.raises(KeyboardInterrupt):
        made(cell, method=known)
    before = len(spoken)
    cell = replace(cell, generator=writer(lambda chat, draw: spoken.append(chat) or says(chat, draw)))
    made(cell, method=known.with_knobs(verify=Verification.none))
    seeds = len({chat[0].content for chat in spoken}) // 2
    assert len(spoken) - before == 3 * seeds - (before - 1) // seeds * seeds


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_a_generator_that_writes_garbage_is_refused_with_the_account(fitted, kind) -> None:
    with pytest.raises(AlignbenchError, match=r"method\.least.*opinions: 0 kept of"):
        fitted(FEW, GARBAGE[kind])

"""Role-played, judged and labelled dialogues as stages, each shared by all methods that want the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alignbench.dialogue import Dialogue
from alignbench.dialogue.intent import Intent, Intents
from alignbench.dialogue.judging import Judging, unplayed
from alignbench.dialogue.prompt import seen, wording
from alignbench.dialogue.roleplay import RolePlay
from alignbench.dialogue.scenario import SIDES
from alignbench.dialogue.sets import (
    DIALOGUE_COLUMNS,
    INTENT_COLUMNS,
    SOURCES,
    dialogue_steps,
    intent_rows,
    intent_steps,
    judged_rows,
)  # fmt: skip
from alignbench.dialogue.state import load
from alignbench.method import RunContext
from alignbench.store.stages import Stage
from alignbench.synthetic.folder import About, read_set, write_set
from alignbench.synthetic.ledger import Ledger


def played(context: RunContext, scenes: Mapping[str, Any], openings: Sequence[Dialogue], roleplay: RolePlay) -> Stage:
    """Stage ``roleplay``: every dialogue to its end. A killed one goes on from the last turn.

    Args:
        scenes: where the openings are from.
    """
    told = [seen(opening, side) for opening in openings for side in SIDES]
    parts = {
        "scenes": dict(scenes),
        "culture": context.culture.name,
        "roleplay": roleplay.parts,
        "generator": context.generator.identity(context.model),
        "told": hashlib.sha256(repr(told).encode()).hexdigest(),
    }

    def build(folder: Path) -> Mapping[str, Any]:
        engine = context.generator.open(context.tools)
        before = engine.usage.generated_tokens
        ended = roleplay.play(engine, openings, folder)
        return {
            "dialogues": len(ended),
            "turns": sum(len(d.turns) for d in ended),
            "stops": Counter(d.stop.name for d in ended if d.stop),
            "generated_tokens": engine.usage.generated_tokens - before,
        }

    return context.store.stage("roleplay", parts, build)


def judged(context: RunContext, source: Stage, judging: Judging | None, least_turns: int) -> Stage:
    """Stage ``judge``: all dialogues of a role-play with verdicts, as a synthetic set, and whether each is kept.

    Args:
        judging: None keeps every dialogue of ``least_turns`` turns and more.
    """
    parts = {
        "roleplay": source.key,
        "least_turns": least_turns,
        "judging": judging.parts if judging else None,
        "critic": context.critic.identity(context.model) if judging else None,
        "wording": wording(),
    }

    def build(folder: Path) -> Mapping[str, Any]:
        dialogues = load(source.path)[1]
        reasons = [unplayed(dialogue, least_turns) for dialogue in dialogues]
        verdicts = {}
        if judging:
            read = [i for i, reason in enumerate(reasons) if reason is None]
            found = judging.judge(context.critic.open(context.tools), [dialogues[i] for i in read])
            verdicts = dict(zip(read, found, strict=True))
            reasons = [verdicts[i].fault if i in verdicts else reason for i, reason in enumerate(reasons)]
        ledger = _account(
            "dialogues", reasons, [d.rejected or (d.turns[-1].text if d.turns else "") for d in dialogues]
        )
        rewritten = source.manifest["parts"]["scenes"].get("rewritten")
        steps = dialogue_steps(dialogues, judging, least_turns, rewritten and f"scenes/{rewritten}")
        card = about(context, "Role-played dialogues", steps, DIALOGUE_COLUMNS, judging is not None)
        write_set(folder, judged_rows(dialogues, verdicts, reasons), card, [ledger])
        return ledger.record()

    return context.store.stage("judge", parts, build)


def kept(source: Stage, verdicts: Stage, least: int) -> dict[int, Dialogue]:
    """Position in the role-play -> dialogue, of those that passed.

    Raises:
        AlignbenchError: fewer than ``least`` did.
    """
    rows, (ledger,) = read_set(verdicts.path)
    ledger.require(least, "method.scenarios")
    return {i: d for i, (d, passed) in enumerate(zip(load(source.path)[1], rows["kept"], strict=True)) if passed}


def labelled(context: RunContext, verdicts: Stage, dialogues: Mapping[int, Dialogue], intents: Intents) -> Stage:
    """Stage ``intents``: the intent of every turn of the kept dialogues, as a synthetic set."""
    parts = {
        "judge": verdicts.key,
        "intents": intents.parts,
        "generator": context.generator.identity(context.model),
        "wording": wording(),
    }

    def build(folder: Path) -> Mapping[str, Any]:
        found = intents.label(context.generator.open(context.tools), list(dialogues.values()))
        every = [intent for of_dialogue in found for intent in of_dialogue]
        ledger = _account("intents", [i.fault for i in every], [i.text for i in every])
        steps = intent_steps(f"judge/{verdicts.key}", context.culture.country, intents)
        card = about(context, "Intents of turns", steps, INTENT_COLUMNS, judged=False)
        write_set(folder, intent_rows(dialogues, found), card, [ledger])
        return {**ledger.record(), "cultural": sum(i.cultural for i in every if i.fault is None)}

    return context.store.stage("intents", parts, build)


def intents_of(stage: Stage) -> dict[int, dict[int, Intent]]:
    """Position of the dialogue -> position of the turn -> its intent, of those that are used.

    Raises:
        AlignbenchError: there is none.
    """
    rows, (ledger,) = read_set(stage.path)
    ledger.require(1, "method.tasks")
    found: dict[int, dict[int, Intent]] = {}
    for row in rows[rows["kept"]].to_dict("records"):
        found.setdefault(row["dialogue"], {})[row["turn"]] = Intent(row["intent"], row["cultural"])
    return found


def _account(what: str, reasons: Sequence[str | None], texts: Sequence[str]) -> Ledger:
    ledger = Ledger(what)
    for reason, text in zip(reasons, texts, strict=True):
        ledger.keep() if reason is None else ledger.drop(reason, text)
    return ledger


def about(context: RunContext, title: str, steps: tuple[str, ...], columns: dict[str, str], judged: bool) -> About:
    """The card of a set that CLCA makes."""
    country = context.culture.country
    critic = context.critic.name(context.model) if judged else None
    generator = context.generator.name(context.model)
    return About(f"{title}, {country}", "clca", country, steps, generator, critic, SOURCES, columns)

"""Judged dialogues and labelled turns as synthetic sets: their rows, what the columns mean, what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pandas as pd

from alignbench.dialogue import Dialogue
from alignbench.dialogue.intent import Flag, Intent, Intents
from alignbench.dialogue.judging import Judgement, Judging, Opinion, Reading

_OPINIONS = {
    "quality": "good or bad",
    "fit": "yes or no: do they act as people of the culture would",
    "meta": "good or bad, after the first two verdicts were criticised",
}
DIALOGUE_COLUMNS = {
    "dialogue": "position in the role-play",
    "scenario": "id of the scenario",
    "domain": "of life",
    "setting": "where the scene begins, known to both",
    "relation": "of the two, known to both",
    "goal_a": "what the first speaker wants, known to that speaker alone",
    "goal_b": "the same of the second speaker",
    "turns": "what was said: a list of {speaker, text}",
    "stop": "why the dialogue ended",
    **{
        f"{name}{suffix}": meaning
        for name, words in _OPINIONS.items()
        for suffix, meaning in (
            ("", f"verdict: {words}; empty where not judged"),
            ("_confidence", "how sure the critic was"),
            ("_probability", "of the verdict, where it was read off label probabilities"),
        )
    },
    "critique": "what was said against the first two verdicts",
    "kept": "whether it is trained on",
    "reason": "why it was dropped; empty for those kept",
}
INTENT_COLUMNS = {
    "dialogue": "position in the role-play",
    "turn": "position in the dialogue, from 0",
    "speaker": "who spoke",
    "text": "what was said",
    "intent": "what the speaker intends, as the generator put it",
    "cultural": "whether it is rooted in the culture, and not generic",
    "kept": "whether it is trained on",
    "reason": "why it was dropped; empty for those kept",
}
SOURCES = (
    "Scenarios and lexicons of alignbench, in the manner of Sotopia's tasks; reviewed by nobody of the culture.",
    "Profiles after Hofstede's country scores (2015) and the Inglehart-Welzel map, told to the speakers in words.",
    "No survey item was shown to any model.",
)


def dialogue_steps(dialogues: Sequence[Dialogue], judging: Judging | None, least_turns: int) -> tuple[str, ...]:
    """How judged dialogues came to be, for the card."""
    first = dialogues[0]
    words = f"of {first.country}" if first.scenario.culture else "of no country"
    told = (
        f"The profile that both were told: {first.profile}" if first.profile else "No profile of the country is known."
    )
    return (
        f"Scenarios were filled with names and things {words}. Each speaker was told the scene and a goal and a secret "
        f"of their own. {told}",
        "One model spoke both parts in turn. A dialogue ends when all turns are spoken, when a speaker closes it, or "
        "when one says nothing, declines, repeats or leaves the role; that last text is no turn.",
        f"Dialogues of fewer than {least_turns} turns, or garbled, were dropped unread.",
        _judged(judging),
    )


def _judged(judging: Judging | None) -> str:
    if judging is None:
        return "All others were kept: nobody judged them."
    read = f"a probability of {judging.very_confident:g} and more among its labels"
    sure = "stated as such" if judging.reading is Reading.words else read
    return (
        "A critic judged quality and fit, criticised that judgement, and judged anew. Dropped is what it called bad, "
        f"in quality or on second thought, and was very confident of ({sure})."
    )


def intent_steps(dialogues: str, country: str, intents: Intents) -> tuple[str, ...]:
    """How labelled turns came to be; ``dialogues`` names the stage they are from."""
    flags = {
        Flag.mention: "names the country or speaks of customs or expectations",
        Flag.verdict: "is, by label probability, rooted there in the labeller's own eyes",
    }
    return (
        f"The turns are those of the dialogues kept in {dialogues}.",
        f"A model told to be an expert on {country} put the intent of each turn in a sentence, later turns unseen.",
        f"An intent counts as cultural where the sentence {flags[intents.flag]}.",
    )


def judged_rows(
    dialogues: Sequence[Dialogue], judgements: Mapping[int, Judgement], reasons: Sequence[str | None]
) -> pd.DataFrame:
    """A row a dialogue; ``judgements`` by position, of those that were judged."""
    rows = []
    for position, (dialogue, reason) in enumerate(zip(dialogues, reasons, strict=True)):
        scene, found = dialogue.scenario, judgements.get(position)
        row = {
            "dialogue": position,
            "scenario": scene.id,
            "domain": scene.domain,
            "setting": scene.setting,
            "relation": scene.relation,
            "goal_a": scene.a.goal,
            "goal_b": scene.b.goal,
            "turns": [{"speaker": scene.speaker(t.side).name, "text": t.text} for t in dialogue.turns],
            "stop": dialogue.stop.name if dialogue.stop else "",
        }
        for name in _OPINIONS:
            row |= _columns(name, getattr(found, name) if found else None)
        rows.append(row | {"critique": found.critique if found else "", "kept": reason is None, "reason": reason or ""})
    return pd.DataFrame(rows, columns=list(DIALOGUE_COLUMNS))


def _columns(name: str, opinion: Opinion | None) -> dict[str, str | float | None]:
    values = {f.name: getattr(opinion, f.name) if opinion else None for f in fields(Opinion)}
    return {name if key == "label" else f"{name}_{key}": value for key, value in values.items()}


def intent_rows(dialogues: Mapping[int, Dialogue], intents: Sequence[Sequence[Intent]]) -> pd.DataFrame:
    """A row a turn; ``dialogues`` by position in the role-play, ``intents`` in their order."""
    rows = [
        (position, i, d.scenario.speaker(t.side).name, t.text, intent.text, intent.cultural, *_fate(intent.fault))
        for (position, d), labelled in zip(dialogues.items(), intents, strict=True)
        for i, (t, intent) in enumerate(zip(d.turns, labelled, strict=True))
    ]
    return pd.DataFrame(rows, columns=list(INTENT_COLUMNS))


def _fate(fault: str | None) -> tuple[bool, str]:
    return fault is None, fault or ""

"""Scenes, judged dialogues and labelled turns as synthetic sets: rows, what the columns mean, what they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import product

import pandas as pd

from alignbench.dialogue import Dialogue
from alignbench.dialogue.adaptation import SceneRewriter
from alignbench.dialogue.intent import Flag, Intent, Intents
from alignbench.dialogue.judging import DialogueCritic, Rating, RatingSource, Review
from alignbench.dialogue.scenario import SIDES, Scenario, Speaker

_OPINIONS = {
    "quality": "good or bad",
    "fit": "yes or no: do they act as people of the culture would",
    "meta": "good or bad, after the first two verdicts were criticised",
}
_SPEAKER = [f.name for f in fields(Speaker)]
SCENE_COLUMNS = {
    "scenario": "id of the scenario that was rewritten",
    "domain": "of life",
    "relation": "of the two, as it was",
    "setting": "where the scene begins, known to both",
    **{
        f"{part}_{side}": f"of the {speaker} speaker{known}"
        for side, speaker in (("a", "first"), ("b", "second"))
        for part, known in (
            ("name", ""),
            ("role", ""),
            ("goal", ": what the speaker wants, known to that speaker alone"),
            ("secret", ": what the speaker hides, known to that speaker alone"),
        )
    },
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


def scene_steps(drawn: int, rewriting: SceneRewriter, profile: str) -> tuple[str, ...]:
    """How rewritten scenes came to be, for the card."""
    told = f"It was told: {profile}" if profile else "No profile of the country is known."
    return (
        f"{drawn} scenarios were filled with names and things of no country.",
        f"A model rewrote each: names, roles, place, and what the two want and hide, in up to {rewriting.tries} tries. "
        f"{told}",
        "Dropped is what came back with a line missing, with the old names or setting, or with others than the two in "
        "its setting.",
    )


def scene_rows(scenes: Sequence[Scenario]) -> pd.DataFrame:
    """A row a scene."""
    rows = [
        {"scenario": s.id, "domain": s.domain, "relation": s.relation, "setting": s.setting}
        | {f"{part}_{side}": getattr(s.speaker(side), part) for side in SIDES for part in _SPEAKER}
        for s in scenes
    ]
    return pd.DataFrame(rows, columns=list(SCENE_COLUMNS))


def scenes_of(rows: pd.DataFrame, scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Inverse of :func:`scene_rows`; what it does not hold is as in the scenario of that id."""
    known = {scenario.id: scenario for scenario in scenarios}
    found = []
    for row in rows.to_dict("records"):
        a, b = (Speaker(**{part: row[f"{part}_{side}"] for part in _SPEAKER}) for side in SIDES)
        found.append(replace(known[row["scenario"]], setting=row["setting"], a=a, b=b))
    return found


def dialogue_steps(
    dialogues: Sequence[Dialogue], judging: DialogueCritic | None, least_turns: int, scenes: str | None = None
) -> tuple[str, ...]:
    """How judged dialogues came to be, for the card; ``scenes`` names the stage that rewrote the scenes, if any."""
    first = dialogues[0]
    words = f"of {first.country}" if first.scenario.culture else "of no country"
    origin = f"The scenes are those of {scenes}" if scenes else f"Scenarios were filled with names and things {words}"
    told = (
        f"The profile that both were told: {first.profile}" if first.profile else "No profile of the country is known."
    )
    return (
        f"{origin}. Each speaker was told the scene, and a goal and a secret that the other did not know. {told}",
        "One model spoke both parts in turn. A dialogue ends when all turns are spoken, when a speaker closes it, or "
        "when one says nothing, declines, repeats or leaves the role; that last text is no turn.",
        f"Dialogues of fewer than {least_turns} turns, or garbled, were dropped unread.",
        _judged(judging) if judging else "All others were kept: nobody judged them.",
    )


def _judged(judging: DialogueCritic) -> str:
    read = f"a probability of {judging.very_confident:g} and more among its labels"
    sure = "stated as such" if judging.reading is RatingSource.words else read
    return (
        "A critic judged quality and fit, criticised that judgement, and judged again. Dropped is what it called bad, "
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
    dialogues: Sequence[Dialogue], judgements: Mapping[int, Review], reasons: Sequence[str | None]
) -> pd.DataFrame:
    """A row a dialogue; ``judgements`` by position, of those that were judged."""
    rows = []
    for position, (dialogue, reason) in enumerate(zip(dialogues, reasons, strict=True)):
        scene, found = dialogue.scenario, judgements.get(position)
        row: dict[str, object] = {
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
        for name, part in product(_OPINIONS, (f.name for f in fields(Rating))):
            rating = getattr(found, name) if found else None
            row[name if part == "label" else f"{name}_{part}"] = getattr(rating, part) if rating else None
        rows.append(row | {"critique": found.critique if found else "", "kept": reason is None, "reason": reason or ""})
    return pd.DataFrame(rows, columns=list(DIALOGUE_COLUMNS))


def intent_rows(dialogues: Mapping[int, Dialogue], intents: Sequence[Sequence[Intent]]) -> pd.DataFrame:
    """A row a turn; ``dialogues`` by position in the role-play, ``intents`` in their order."""
    rows = []
    for (position, d), labelled in zip(dialogues.items(), intents, strict=True):
        for i, (turn, intent) in enumerate(zip(d.turns, labelled, strict=True)):
            speaker, fault = d.scenario.speaker(turn.side).name, intent.fault
            rows.append((position, i, speaker, turn.text, intent.text, intent.cultural, fault is None, fault or ""))
    return pd.DataFrame(rows, columns=list(INTENT_COLUMNS))

"""Role-played, judged and labelled dialogues as stages, each shared by all methods that want the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from alignbench.component import recorded
from alignbench.dialogue import Dialogue, transcript
from alignbench.dialogue.intent import UNFINISHED, Flag, Intent, Intents
from alignbench.dialogue.judging import DialogueCritic, Rating, Review, SecondLook, Unread, unplayed
from alignbench.dialogue.roleplay import RolePlay, load
from alignbench.generator import Generator
from alignbench.judge import Judge
from alignbench.judge.panel import RatingSource
from alignbench.steps.scenes import SOURCES, Rewrite, Scenes
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.types import Culture

_OPINIONS = {
    "quality": "good or bad",
    "fit": "yes or no: do they act as people of the culture would",
    "meta": "good or bad, in fit or as a whole, after the first two verdicts were criticised",
}
_DIALOGUES = {
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
    "guard": "score of the culture guard, from -1 to 1; empty where none was asked",
    "kept": "whether it is trained on",
    "reason": "why it was dropped; empty for those kept",
}
_INTENTS = {
    "dialogue": "position in the role-play",
    "turn": "position in the dialogue, from 0",
    "speaker": "who spoke",
    "text": "what was said",
    "intent": "what the speaker intends, as the generator put it, in whole sentences",
    "cut": "whether a last sentence without an end was left out",
    "cultural": "whether it is rooted in the culture, and not generic",
    "kept": "whether it is trained on",
    "reason": "why it was dropped; empty for those kept",
}


@dataclass(frozen=True)
class Play(Stage):
    """Every dialogue to its end. A killed one goes on from the last turn.

    Attributes:
        scenes: which, out of a lexicon; where ``written`` is given it only says how often each is played.
        written: the stage whose generator rewrote the scenes.
    """

    name = "roleplay"

    scenes: Scenes
    written: Rewrite | None
    culture: Culture
    roleplay: RolePlay
    generator: Generator

    @property
    def tokens(self) -> int:
        """Those of all dialogues."""
        return self.roleplay.tokens(self.scenes.scenarios * self.scenes.takes)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Play them."""
        if self.written is None:
            openings = self.scenes.openings(self.culture)
        else:
            openings = self.written.openings(self.culture, self.scenes.seeds, tools)
        engine = self.generator.open(tools)
        before = engine.usage.generated_tokens
        ended = self.roleplay.play(engine, openings, folder)
        return {
            "dialogues": len(ended),
            "utterances": sum(len(d.turns) for d in ended),
            "stops": Counter(d.stop.name for d in ended if d.stop),
            "generated_tokens": engine.usage.generated_tokens - before,
        }


@dataclass(frozen=True)
class JudgeDialogues(Stage):
    """All dialogues of a role-play with verdicts, as a synthetic set, and whether each is kept.

    Attributes:
        judging: None keeps every dialogue of ``least_utterances`` utterances and more, and asks no critic.
        judge: drops those that it is against, of what the critic left; None where there is none.
    """

    name = "judge"

    played: Play
    least_utterances: int
    judging: DialogueCritic | None
    critic: Generator | None
    judge: Judge | None = None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Judge them."""
        dialogues = load(tools.folder(self.played))[1]
        reasons = [unplayed(dialogue, self.least_utterances) for dialogue in dialogues]
        verdicts: dict[int, Review] = {}
        if self.judging and self.critic:
            read = [i for i, reason in enumerate(reasons) if reason is None]
            found = self.judging.judge(self.critic.open(tools), [dialogues[i] for i in read])
            verdicts = dict(zip(read, found, strict=True))
            for i, review in verdicts.items():
                reasons[i] = review.fault(self.judging.unread)
        scores = self._guarded(dialogues, reasons, tools)
        tally = _account("dialogues", reasons, [d.rejected or (d.turns[-1].text if d.turns else "") for d in dialogues])
        written = self.played.written
        source = f"scenes/{tools.key(written)}" if written else None
        steps = _dialogue_steps(dialogues[0], self.judging, self.least_utterances, source)
        if self.judge:
            steps = (*steps, "Of the rest a culture guard read setting and talk, and what it was against was dropped.")
        country, writer = self.played.culture.country, self.played.generator.title
        critic = self.critic.title if self.critic else None
        title = f"Role-played dialogues, {country}"
        card = DatasetCard(title, "clca", country, steps, writer, critic, SOURCES, _DIALOGUES)
        rows = _judged_rows(dialogues, verdicts, reasons).assign(guard=pd.Series(scores, dtype="float64"))[
            list(_DIALOGUES)
        ]
        write_set(folder, rows, card, [tally])
        unread = [reasons[i] for i, review in verdicts.items() if review.unread]
        kept = sum(reason is None for reason in unread)
        said = (
            f"{len(unread)} of {len(verdicts)} judged dialogues have a verdict that could not be read; {kept} are kept."
        )
        return {**tally.record(), "unread": len(unread), "remarks": [said] if unread else []}

    def _guarded(self, dialogues: Sequence[Dialogue], reasons: list[str | None], tools: Tools) -> list[float | None]:
        """The judge's score of each dialogue that is kept so far; what it is against is given a reason."""
        scores: list[float | None] = [None] * len(dialogues)
        read = [i for i, reason in enumerate(reasons) if reason is None]
        if self.judge is None or not read:
            return scores
        settings = [dialogues[i].scenario.setting for i in read]
        talks = [transcript(dialogues[i]) for i in read]
        for i, judged in zip(read, self.judge.judge(settings, talks, [()] * len(read), tools), strict=True):
            scores[i] = judged.score
            if judged.verdict < 0:
                reasons[i] = "against the guard"
        return scores


@dataclass(frozen=True)
class LabelIntents(Stage):
    """The intent of every turn of the kept dialogues, as a synthetic set."""

    name = "intents"

    played: Play
    judged: JudgeDialogues
    intents: Intents
    generator: Generator
    least: int = recorded(1)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them labelled.

        Raises:
            AlignbenchError: fewer than ``least`` dialogues were kept.
        """
        dialogues = kept(self.played, self.judged, tools, self.least)
        found = self.intents.label(self.generator.open(tools), list(dialogues.values()))
        every = [intent for of_dialogue in found for intent in of_dialogue]
        tally = _account("intents", [i.fault for i in every], [i.text for i in every])
        country, writer = self.played.culture.country, self.generator.title
        flags = {
            Flag.mention: "names the country or speaks of customs or expectations",
            Flag.verdict: "is, by label probability, rooted there in the labeller's own eyes",
        }
        steps = (
            f"The turns are those of the dialogues kept in judge/{tools.key(self.judged)}.",
            f"A model told to be an expert on {country} said what each turn is for, later turns unseen.",
            "Sentences without an end were left out, and so was an intent in which none ends.",
            f"An intent counts as cultural where the text {flags[self.intents.flag]}.",
        )
        title = f"Intents of turns, {country}"
        card = DatasetCard(title, "clca", country, steps, writer, None, SOURCES, _INTENTS)
        write_set(folder, _intent_rows(dialogues, found), card, [tally])
        used = [intent for intent in every if intent.fault is None]
        cut, lost = sum(intent.cut for intent in used), tally.dropped.get(UNFINISHED, 0)
        said = (
            f"Of {len(every)} intents {cut} were cut back to their last whole sentence and {lost} dropped, since no "
            f"sentence of theirs ended within {self.intents.max_new_tokens} tokens."
        )
        facts = {"cultural": sum(intent.cultural for intent in used), "cut": cut}
        return {**tally.record(), **facts, "remarks": [said] if cut or lost else []}


def kept(played: Play, judged: JudgeDialogues, tools: Tools, least: int) -> dict[int, Dialogue]:
    """Position in the role-play -> dialogue, of those that passed.

    Raises:
        AlignbenchError: fewer than ``least`` did.
    """
    rows, (tally,) = read_set(tools.folder(judged))
    tally.require(least, "method.scenarios")
    dialogues = load(tools.folder(played))[1]
    return {i: d for i, (d, passed) in enumerate(zip(dialogues, rows["kept"], strict=True)) if passed}


def intents_of(labelled: LabelIntents, tools: Tools) -> dict[int, dict[int, Intent]]:
    """Position of the dialogue -> position of the turn -> its intent, of those that are used.

    Raises:
        AlignbenchError: there is none.
    """
    rows, (tally,) = read_set(tools.folder(labelled))
    tally.require(1, "method.tasks")
    found: dict[int, dict[int, Intent]] = {}
    for row in rows[rows["kept"]].to_dict("records"):
        found.setdefault(row["dialogue"], {})[row["turn"]] = Intent(row["intent"], row["cultural"])
    return found


def _account(what: str, reasons: Sequence[str | None], texts: Sequence[str]) -> Tally:
    tally = Tally(what)
    for reason, text in zip(reasons, texts, strict=True):
        tally.enter(text, reason)
    return tally


def _dialogue_steps(first: Dialogue, judging: DialogueCritic | None, least: int, scenes: str | None) -> tuple[str, ...]:
    """How judged dialogues came to be, for the card; ``scenes`` names the stage that rewrote the scenes, if any."""
    words = f"of {first.country}" if first.scenario.culture else "of no country"
    origin = f"The scenes are those of {scenes}" if scenes else f"Scenarios were filled with names and things {words}"
    told = (
        f"The profile that both were told: {first.profile}" if first.profile else "No profile of the country is known."
    )
    return (
        f"{origin}. Each speaker was told the scene, and a goal and a secret that the other did not know. {told}",
        "One model spoke both parts by turns. A dialogue ends when all turns are spoken, when a speaker closes it, or "
        "when one says nothing, declines, repeats or leaves the role; that last text is no turn.",
        f"Dialogues of fewer than {least} utterances, or garbled, were dropped unread.",
        _judged(judging) if judging else "All others were kept: nobody judged them.",
    )


def _judged(judging: DialogueCritic) -> str:
    read = f"a probability of {judging.very_confident:g} and more among its labels"
    sure = "stated as such" if judging.reading is RatingSource.words else read
    again = "its fit" if judging.second_look is SecondLook.fit else "the whole of it"
    kept = "" if judging.unread is Unread.dropped else " A dialogue whose verdict cannot be read is kept."
    return (
        f"A critic judged quality and fit, criticised that judgement, and judged {again} again. Dropped is what it "
        f"called bad, in quality or on second thought, and was very confident of ({sure}).{kept}"
    )


def _judged_rows(
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
    return pd.DataFrame(rows)


def _intent_rows(dialogues: Mapping[int, Dialogue], intents: Sequence[Sequence[Intent]]) -> pd.DataFrame:
    """A row a turn; ``dialogues`` by position in the role-play, ``intents`` in their order."""
    rows = []
    for (position, d), labelled in zip(dialogues.items(), intents, strict=True):
        for i, (turn, intent) in enumerate(zip(d.turns, labelled, strict=True)):
            speaker, fault = d.scenario.speaker(turn.side).name, intent.fault
            told = (intent.text, intent.cut, intent.cultural)
            rows.append((position, i, speaker, turn.text, *told, fault is None, fault or ""))
    return pd.DataFrame(rows, columns=list(_INTENTS))

"""Role-played, judged and labelled dialogues as stages, each shared by all methods that want the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alignbench.component import recorded
from alignbench.dialogue import Dialogue
from alignbench.dialogue.intent import Intent, Intents
from alignbench.dialogue.judging import DialogueCritic, unplayed
from alignbench.dialogue.roleplay import RolePlay, load
from alignbench.dialogue.sets import (
    DIALOGUE_COLUMNS,
    INTENT_COLUMNS,
    SOURCES,
    dialogue_steps,
    intent_rows,
    intent_steps,
    judged_rows,
)  # fmt: skip
from alignbench.generator import Generator
from alignbench.steps.scenes import Rewrite, Scenes
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.types import Culture


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
            "turns": sum(len(d.turns) for d in ended),
            "stops": Counter(d.stop.name for d in ended if d.stop),
            "generated_tokens": engine.usage.generated_tokens - before,
        }


@dataclass(frozen=True)
class JudgeDialogues(Stage):
    """All dialogues of a role-play with verdicts, as a synthetic set, and whether each is kept.

    Attributes:
        judging: None keeps every dialogue of ``least_turns`` turns and more, and asks no critic.
    """

    name = "judge"

    played: Play
    least_turns: int
    judging: DialogueCritic | None
    critic: Generator | None

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Judge them."""
        dialogues = load(tools.folder(self.played))[1]
        reasons = [unplayed(dialogue, self.least_turns) for dialogue in dialogues]
        verdicts = {}
        if self.judging and self.critic:
            read = [i for i, reason in enumerate(reasons) if reason is None]
            found = self.judging.judge(self.critic.open(tools), [dialogues[i] for i in read])
            verdicts = dict(zip(read, found, strict=True))
            reasons = [verdicts[i].fault if i in verdicts else reason for i, reason in enumerate(reasons)]
        tally = _account("dialogues", reasons, [d.rejected or (d.turns[-1].text if d.turns else "") for d in dialogues])
        written = self.played.written
        source = f"scenes/{tools.key(written)}" if written else None
        steps = dialogue_steps(dialogues, self.judging, self.least_turns, source)
        country, writer = self.played.culture.country, self.played.generator.title
        critic = self.critic.title if self.critic else None
        title = f"Role-played dialogues, {country}"
        card = DatasetCard(title, "clca", country, steps, writer, critic, SOURCES, DIALOGUE_COLUMNS)
        write_set(folder, judged_rows(dialogues, verdicts, reasons), card, [tally])
        return tally.record()


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
        steps = intent_steps(f"judge/{tools.key(self.judged)}", country, self.intents)
        title = f"Intents of turns, {country}"
        card = DatasetCard(title, "clca", country, steps, writer, None, SOURCES, INTENT_COLUMNS)
        write_set(folder, intent_rows(dialogues, found), card, [tally])
        return {**tally.record(), "cultural": sum(i.cultural for i in every if i.fault is None)}


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

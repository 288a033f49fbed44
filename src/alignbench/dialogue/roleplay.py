"""Role-play: one model speaks both parts of many dialogues, which advance together.

CLCA's second step (Liu, Korhonen, Gurevych, ACL 2025), batched: every turn is one call over all dialogues that go on.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.backend import Engine
from alignbench.component import Component, Count, NotNegative, PositiveShare, Seed
from alignbench.dialogue import Dialogue, DialogueForm, Stop, Utterance, seen
from alignbench.dialogue.ruling import extended
from alignbench.dialogue.scenario import Scenario
from alignbench.errors import AlignbenchError
from alignbench.files import write_text
from alignbench.identity import spelt_out
from alignbench.progress import bar
from alignbench.seeds import seed_of
from alignbench.store.manifest import plain
from alignbench.types import Sampling, check

# State of a role-play on disk: a first line with its knobs, then one dialogue a line.
FILE = "dialogues.jsonl"
# Tokens of what a speaker is told before a dialogue, roughly.
_TOLD = 300


@dataclass(frozen=True)
class RolePlay(Component):
    """Knobs of the role-play. Twenty utterances (ten of either side) and top-p 0.7 are published, the rest is ours."""

    # Utterances of both sides together; a turn of CLCA is a pair of them.
    max_turns: Count = 20
    # CLCA allows 500; its kept turns have 77 words on average.
    max_new_tokens: Count = 200
    temperature: NotNegative = 1.0
    top_p: PositiveShare = 0.7
    # A turn that shares more than this with an earlier one (or repeats itself more) ends the dialogue.
    max_overlap: PositiveShare = 0.8
    seed: Seed = 0

    def tokens(self, dialogues: int) -> int:
        """Tokens read and written for so many dialogues, roughly: each turn reads those before it."""
        return dialogues * self.max_turns * (_TOLD + self.max_new_tokens * (1 + self.max_turns // 2))

    def play(self, engine: Engine, openings: Sequence[Dialogue], folder: Path) -> list[Dialogue]:
        """All dialogues to their end, in the order of ``openings``; one call to the engine a turn.

        The state is in ``folder`` after every turn. A run that was cut off goes on from it and ends as it would have,
        but for rounding: what the engine remembered is read again.

        Args:
            openings: no turn spoken; two takes of one scene differ in the seed of their scenario.
            folder: belongs to this engine; made if missing.

        Raises:
            AlignbenchError: unfilled placeholders, an opening given twice, a folder of another role-play.
        """
        _check(openings)
        dialogues = self._resumed(folder, openings)
        with bar(len(dialogues), "role-play", "dialogue") as progress, engine.remembering():
            progress.update(len(dialogues) - len(_live(dialogues)))
            while live := _live(dialogues):
                spoken = iter(self._round(engine, live))
                dialogues = [d if d.stop else next(spoken) for d in dialogues]
                self._save(folder, dialogues)
                progress.update(len(live) - len(_live(dialogues)))
        return dialogues

    def _save(self, folder: Path, dialogues: Sequence[Dialogue]) -> None:
        """Write the state so that a kill leaves the old one or the new one, never half of it."""
        folder.mkdir(parents=True, exist_ok=True)
        records = [spelt_out(self), *(plain(asdict(dialogue)) for dialogue in dialogues)]
        write_text(folder / FILE, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))

    def _resumed(self, folder: Path, openings: Sequence[Dialogue]) -> list[Dialogue]:
        """The dialogues as far as ``folder`` has them; the openings themselves if it has none."""
        if not (folder / FILE).is_file():
            return list(openings)
        known, dialogues = load(folder)
        begun = [replace(dialogue, turns=(), stop=None, rejected="") for dialogue in dialogues]
        same = known == spelt_out(self) and begun == list(openings)
        check(same, "role-play", str(folder / FILE), "it is of other knobs or scenes: remove it or use another folder")
        return dialogues

    def _round(self, engine: Engine, live: Sequence[Dialogue]) -> list[Dialogue]:
        """The next turn of dialogues that go on, in one call whose seed depends on the round and on each of them."""
        who = [(d.scenario.id, d.scenario.culture, d.scenario.seed, d.country, len(d.turns)) for d in live]
        sampling = Sampling(self.max_new_tokens, self.temperature, self.top_p, seed=seed_of(self.seed, *who))
        texts = engine.generate([seen(d, d.next_side) for d in live], sampling)
        return [extended(d, said[0], self.max_turns, self.max_overlap) for d, said in zip(live, texts, strict=True)]


def _live(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    return [d for d in dialogues if d.stop is None]


def _check(openings: Sequence[Dialogue]) -> None:
    check(bool(openings), "openings", 0, "there is no scene to play")
    for d in openings:
        where = f"opening {d.scenario.id}"
        unfilled = sorted(d.scenario.placeholders)
        check(not unfilled, f"{where}, placeholders", unfilled, "fill the scenario by adapted() or unadapted() first")
        check(not d.turns and d.stop is None, where, f"{len(d.turns)} turns", "begin with a dialogue without turns")
    twice = len(openings) - len(set(openings))
    check(twice == 0, "openings", f"{twice} given twice", "give each take of a scene another scenario seed")


def load(folder: Path) -> tuple[dict[str, Any], list[Dialogue]]:
    """Knobs and dialogues of the role-play in ``folder``.

    Raises:
        AlignbenchError: there is none, or the file is not one of ours.
    """
    path = folder / FILE
    check(path.is_file(), "role-play", str(path), "there is no such file")
    try:
        # Not splitlines(), which also breaks at separators that a spoken text may hold.
        parts, *records = map(json.loads, path.read_text(encoding="utf-8").rstrip("\n").split("\n"))
        return parts, [_dialogue(record) for record in records]
    except (ValueError, KeyError, TypeError) as error:
        remedy = f"this file cannot be read ({error!r}): remove it, and the dialogue is played again"
        raise AlignbenchError("role-play", str(path), remedy) from error


def _dialogue(record: dict[str, Any]) -> Dialogue:
    scenario = Scenario.of(record["scenario"])
    turns = tuple(Utterance(**turn) for turn in record["turns"])
    stop = None if record["stop"] is None else Stop[record["stop"]]
    ruled = {"form": DialogueForm[record["form"]], "cues": tuple(record["cues"]), "turns": turns, "stop": stop}
    return Dialogue(**{**record, "scenario": scenario, **ruled})

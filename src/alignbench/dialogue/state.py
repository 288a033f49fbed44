"""A role-play on disk: a first line with its knobs, then one dialogue a line."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from alignbench.dialogue import Dialogue, DialogueForm, Stop, Utterance
from alignbench.dialogue.scenario import Scenario
from alignbench.errors import AlignbenchError
from alignbench.files import write_text
from alignbench.store.manifest import plain
from alignbench.types import check

FILE = "dialogues.jsonl"


def save(folder: Path, parts: Mapping[str, Any], dialogues: Sequence[Dialogue]) -> None:
    """Write the state so that a kill leaves the old one or the new one, never half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    records = [plain(dict(parts)), *(plain(asdict(dialogue)) for dialogue in dialogues)]
    write_text(folder / FILE, "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))


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


def resumed(folder: Path, parts: Mapping[str, Any], openings: Sequence[Dialogue]) -> list[Dialogue]:
    """The dialogues as far as ``folder`` has them; the openings themselves if it has none.

    Raises:
        AlignbenchError: the folder holds a role-play of other knobs or other openings.
    """
    if not (folder / FILE).is_file():
        return list(openings)
    known, dialogues = load(folder)
    begun = [replace(dialogue, turns=(), stop=None, rejected="") for dialogue in dialogues]
    same = known == plain(dict(parts)) and begun == list(openings)
    check(same, "role-play", str(folder / FILE), "it is of other knobs or scenes: remove it or use another folder")
    return dialogues


def _dialogue(record: dict[str, Any]) -> Dialogue:
    scenario = Scenario.of(record["scenario"])
    turns = tuple(Utterance(**turn) for turn in record["turns"])
    stop = None if record["stop"] is None else Stop[record["stop"]]
    ruled = {"form": DialogueForm[record["form"]], "cues": tuple(record["cues"]), "turns": turns, "stop": stop}
    return Dialogue(**{**record, "scenario": scenario, **ruled})

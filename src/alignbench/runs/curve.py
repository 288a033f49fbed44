"""The score of every checkpoint that a training kept, on validation items and, where that is asked for, on the test.

CultureRL's authors score every checkpoint on the test benchmarks. Here such a curve is a picture: it is drawn once all
is trained and chosen, by the runs and not by a method, so that nothing can be chosen by it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alignbench.aligned import KEPT, AlignedModel
from alignbench.data.survey import Survey
from alignbench.evaluation.score import score_responses
from alignbench.evaluation.survey import Scoring, respond
from alignbench.record.cell import CHECKPOINT, CHECKPOINT_ON_TEST
from alignbench.steps.practice import PROMPT_TOKENS, Fit
from alignbench.store.manifest import write_json
from alignbench.store.stage import Stage, Tools
from alignbench.types import Split, check

_SCORES = "checkpoints.json"
_FIGURES = {Split.validation: CHECKPOINT, Split.test: CHECKPOINT_ON_TEST}


@dataclass(frozen=True)
class CheckpointScores(Stage):
    """Mean score of each checkpoint on the items of some splits, asked as the cell asks.

    Attributes:
        model: of the last checkpoint; it says how all of them are spoken to.
        surveys: split -> its items.
    """

    name = "checkpoints"

    model: AlignedModel
    surveys: Mapping[Split, Survey]
    iso3: str
    scoring: Scoring

    @property
    def tokens(self) -> int:
        """Every checkpoint answers every item in two orders."""
        if not isinstance(self.model.training, Fit):
            return 0
        training, items = self.model.training.training, sum(len(s.asked(self.iso3)) for s in self.surveys.values())
        return 2 * items * PROMPT_TOKENS * -(-training.updates // training.checkpoint_every)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Ask each of them; a killed one goes on from its last chunk.

        Raises:
            AlignbenchError: the training kept none.
        """
        assert self.model.training is not None
        kept = sorted(int(path.name) for path in (tools.folder(self.model.training) / KEPT).glob("*"))
        check(bool(kept), "training.keep_checkpoints", True, "the training of this method kept none: say false")
        rows = [{"update": update, **self._scores(update, folder, tools)} for update in kept]
        write_json(folder / _SCORES, rows)
        return {"checkpoints": len(kept)}

    def _scores(self, update: int, folder: Path, tools: Tools) -> dict[str, float]:
        model, found = self.model.at_work(tools, update), {}
        for split, survey in self.surveys.items():
            answers = folder / f"{update}-{split.name}"
            answers.mkdir(exist_ok=True)
            items, knobs = survey.asked(self.iso3), self.scoring
            said = respond(model, items, knobs.asking, answers, knobs.chunk)
            own = replace(survey, items=tuple(items))
            found[_FIGURES[split]] = float(score_responses(said, own, self.iso3, knobs)["js"].mean())
        return found

    def joined(self, history: Sequence[Mapping[str, Any]], tools: Tools) -> list[dict[str, Any]]:
        """The training's history with the scores at their updates."""
        rows = json.loads((tools.folder(self) / _SCORES).read_text(encoding="utf-8"))
        scores = {row["update"]: row for row in rows}
        return [{**row, **scores.get(row["update"], {})} for row in history]

"""What a culture guard learns from: prompts out of training material, replies to them, and what a panel makes of both.

After FanarGuard (Fatehkia et al. 2025), whose 468 K pairs in English and Arabic are not ours to ship. Prompts are
survey questions of training batteries, so that no test item can come in; replies are written by the generator, and
made of the country's own norms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignbench.data.survey import Survey
from alignbench.generator import Generator
from alignbench.judge.panel import GuardAxis, Rater
from alignbench.norms.pool import modal_level, opposite_level
from alignbench.norms.prompts import stance_system
from alignbench.steps.lessons import sources
from alignbench.steps.seeds import asked_there
from alignbench.steps.texts import rendered
from alignbench.store.stage import Stage, Tools
from alignbench.synthetic.folder import DatasetCard, read_set, write_set
from alignbench.synthetic.tally import Tally
from alignbench.synthetic.texts import fault, whole_sentences
from alignbench.types import Item, Sampling, chat, check

_COLUMNS = {
    "item": "survey item, of a training battery",
    "kind": "norm, opposite, other answer, contempt, no side (made by rule), or generator (told the country or not)",
    "question": "what was asked",
    "answer": "the reply",
}
_RATINGS = "ratings.parquet"


@dataclass(frozen=True)
class GuardPairs(Stage):
    """Questions on which countries differ, and replies for and against what the country holds, as a synthetic set.

    Attributes:
        survey: training items alone.
        items: ids of those that are asked.
        replies: how many the generator writes to each, told the country and not.
        reply_tokens: the longest of them.
    """

    name = "guard_pairs"

    survey: Survey
    items: tuple[str, ...]
    iso3: str
    country: str
    generator: Generator
    replies: int
    reply_tokens: int | None
    seed: int | None

    @property
    def tokens(self) -> int:
        """Those of the replies that are written."""
        return 2 * len(self.items) * self.replies * (self.reply_tokens or 0)

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them written.

        Raises:
            AlignbenchError: the country was asked none of the questions.
        """
        asked, tally = asked_there("questions", [i for i in self.survey.items if i.id in self.items], *self._where)
        check(bool(asked), "judge.prompts", str(tally), "none can be used for this country: take more")
        rows, written = [row for item in asked for row in self._made(item)], Tally("replies of the generator")
        rows += self._written(asked, tools, written)
        frame = pd.DataFrame(rows, columns=list(_COLUMNS)).drop_duplicates(["item", "answer"], ignore_index=True)
        writer = self.generator.title if self.replies else "nobody"
        steps = (
            "The questions are training items of the survey on which countries differ most.",
            "Replies by rule: each answer in the first person, the country's norm and its opposite once more with "
            "contempt for others, and a kind reply that takes no side.",
            f"The generator wrote {self.replies} replies to each question told that it is of {self.country}, and as "
            "many told nothing.",
        )
        title = f"Replies to rate, {self.country}"
        card = DatasetCard(title, "guard", self.country, steps, writer, None, sources(self.survey), _COLUMNS)
        write_set(folder, frame, card, [tally, written])
        return {"pairs": len(frame), "questions": len(asked)}

    @property
    def _where(self) -> tuple[Survey, str]:
        return self.survey, self.iso3

    def _made(self, item: Item) -> list[tuple[str, str, str, str]]:
        """Replies by rule."""
        answers = self.survey.of(self.iso3)[item.id]
        norm = modal_level(item, answers)[0]
        stances = [norm] if (contrary := opposite_level(item, answers, norm)) is None else [norm, contrary]
        said = [item.statement(level, "I") for level in range(len(item.predicates))]
        called = ["norm" if k == norm else "opposite" if k == contrary else "other answer" for k in range(len(said))]
        lines = rendered("guard_replies", answers=said, stances=[said[k] for k in stances]).splitlines()
        kinds = [*called, *["contempt"] * len(stances), "no side"]
        return [(item.id, kind, item.question, line) for kind, line in zip(kinds, lines, strict=True)]

    def _written(self, asked: list[Item], tools: Tools, tally: Tally) -> list[tuple[str, str, str, str]]:
        """Replies of the generator, cut back to whole sentences."""
        if not self.replies or self.reply_tokens is None or self.seed is None:
            return []
        sampling = Sampling(self.reply_tokens, temperature=1.0, n=self.replies, seed=self.seed)
        told = [("generator, told", stance_system(self.country)), ("generator", None)]
        cases = [(item, kind, chat(item.question, system)) for kind, system in told for item in asked]
        texts = self.generator.open(tools).generate([case[-1] for case in cases], sampling)
        rows = []
        for (item, kind, _), drawn in zip(cases, texts, strict=True):
            for text in (whole_sentences(one)[0].strip() for one in drawn):
                # A refusal is a reply, and a guard will meet some.
                if tally.enter(text, "empty" if fault(text) == "empty" else None):
                    rows.append((item.id, kind, item.question, text))
        return rows

    def read(self, tools: Tools) -> pd.DataFrame:
        """The pairs, for a stage that rests on them."""
        return read_set(tools.folder(self))[0]


@dataclass(frozen=True)
class PanelRatings(Stage):
    """What one judge of the panel makes of every pair, from 1 to 5 on each axis, in ``ratings.parquet``."""

    name = "ratings"

    pairs: GuardPairs
    rater: Rater

    @property
    def iso3(self) -> str:
        """The country by whose norms replies are rated."""
        return self.pairs.iso3

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Have them rated."""
        rows = self.pairs.read(tools)
        found = self.rater.rate(rows["question"].tolist(), rows["answer"].tolist(), self.pairs.country, tools)
        pd.DataFrame(found, columns=[axis.name for axis in GuardAxis]).to_parquet(folder / _RATINGS, index=False)
        unread = float(np.isnan(found).any(axis=1).mean())
        said = f"{unread:.1%} of the pairs have no readable rating of {self.rater.critic.title} and are left out."
        means = {axis.name: float(np.nanmean(found[:, k])) for k, axis in enumerate(GuardAxis) if unread < 1}
        return {"unread_share": unread, **means, "remarks": [said] if unread else []}

    def read(self, tools: Tools) -> NDArray[np.float64]:
        """Ratings, shape (pairs, axes), NaN where one could not be read."""
        table = pd.read_parquet(tools.folder(self) / _RATINGS)
        return table[[axis.name for axis in GuardAxis]].to_numpy(dtype=np.float64)

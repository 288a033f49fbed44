"""A culture guard as a stage: trained from a panel, calibrated, compared with it, and refused where it falls short.

After FanarGuard (Fatehkia et al. 2025): one regressor with two outputs, harmlessness and cultural awareness, learnt
from the mean ratings of language models. ``Guarded.PAPER`` says what is as published and what is ours. The chain is
``guard_pairs`` -> ``ratings`` (one a judge) -> ``guard``, and all that wants the same guard shares it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from alignbench.component import recorded
from alignbench.context import RunContext
from alignbench.data.distance import most_varying
from alignbench.embedder import Embedder
from alignbench.errors import AlignbenchError
from alignbench.judge import Judge, Judgement
from alignbench.judge.agreement import Agreement, agreement
from alignbench.judge.guard import Combine, GuardJudge
from alignbench.judge.head import Array, HeadForm, load_head
from alignbench.judge.panel import HIGHEST, LOWEST, GuardAxis
from alignbench.progress import say
from alignbench.steps.guard_pairs import GuardPairs, PanelRatings
from alignbench.steps.paper import PaperStep
from alignbench.store.stage import Stage, Tools
from alignbench.types import Norm, check

_PAIRS = "pairs.parquet"
_NAMES = tuple(axis.name for axis in GuardAxis)
_MIDDLE, _HALF = (LOWEST + HIGHEST) / 2, (HIGHEST - LOWEST) / 2
# Fewer questions than folds cannot be parted; fewer pairs teach nothing (ours).
_LEAST_PAIRS = 40


@dataclass(frozen=True)
class Guard(Stage):
    """The regressor of one culture, with every pair, what each judge said of it and what a guard said that had not
    seen its question (``pairs.parquet``).

    Questions are dealt into ``folds`` parts. A head is fitted without two of them, calibrated on the one, and rates the
    other; so every pair is rated once by a head that saw neither its question nor its ratings, and these ratings are
    compared with the panel's. The head that is kept is fitted without the first part, on which it is calibrated.

    Attributes:
        ratings: one a judge.
        tolerance: see :meth:`~alignbench.judge.agreement.Agreement.fault`.
        insist: use it although it falls short.
    """

    name = "guard"

    pairs: GuardPairs
    ratings: tuple[PanelRatings, ...]
    embedder: Embedder
    form: HeadForm
    folds: int
    tolerance: float
    seed: int
    insist: bool = recorded(False)

    @property
    def iso3(self) -> str:
        """The country that it was trained for."""
        return self.pairs.iso3

    def of(self, iso3: str, country: str) -> Guard:
        """The guard of another country, by the same recipe."""
        pairs = replace(self.pairs, iso3=iso3, country=country)
        return replace(self, pairs=pairs, ratings=tuple(replace(one, pairs=pairs) for one in self.ratings))

    def build(self, folder: Path, tools: Tools) -> Mapping[str, Any]:
        """Fit, calibrate and compare; the facts are the agreement on each axis.

        Raises:
            AlignbenchError: too few pairs have ratings of all judges.
        """
        rows, judged = self.pairs.read(tools), np.stack([one.read(tools) for one in self.ratings])
        whole = ~np.isnan(judged).any(axis=(0, 2))
        remedy = f"at least {_LEAST_PAIRS} pairs need a rating of every judge: {int(whole.sum())} of {len(rows)} have"
        check(whole.sum() >= _LEAST_PAIRS, "judge", "guard", remedy)
        rows, judged = rows[pd.Series(whole)].reset_index(drop=True), judged[:, whole]
        prompts, replies = (self.embedder.encode(rows[name].tolist()) for name in ("question", "answer"))
        targets, parts = judged.mean(axis=0), self._parts(rows["item"].tolist())
        found, raw = np.zeros_like(targets), np.zeros_like(targets)
        for part in range(self.folds):
            out, apart = parts == part, parts == (part + 1) % self.folds
            seen = ~out
            head = self.form.fitted(prompts[seen], replies[seen], targets[seen], apart[seen], self.seed)
            found[out], raw[out] = head(prompts[out], replies[out]), head.uncalibrated(prompts[out], replies[out])
        self.form.fitted(prompts, replies, targets, parts == 0, self.seed).save(folder)
        self._told(rows, judged, targets, found, parts).to_parquet(folder / _PAIRS, index=False)
        items = rows["item"].tolist()
        measured = {
            axis.name: agreement(found[:, k], raw[:, k], judged[:, :, k], items, self.seed)
            for k, axis in enumerate(GuardAxis)
        }
        said = [_summary(name, one) for name, one in measured.items()]
        say("\n".join(f"  {line}" for line in said))
        faults = {name: fault for name, one in measured.items() if (fault := one.fault(self.tolerance))}
        return {
            "panel": [one.rater.critic.title for one in self.ratings],
            "axes": {name: asdict(one) for name, one in measured.items()},
            "faults": faults,
            "remarks": [*said, *(f"Guard, {axis}: falls short, {fault}." for axis, fault in faults.items())],
        }

    def accept(self, facts: Mapping[str, Any]) -> None:
        """Refuse a guard that agrees with the judges less than they do with each other, unless ``insist``."""
        if facts["faults"] and not self.insist:
            faults = "; ".join(f"{axis}: {fault}" for axis, fault in facts["faults"].items())
            raise AlignbenchError("judge", "guard", f"{faults}. Fill the panel with other models, or say insist=true")

    def rate(self, questions: Sequence[str], answers: Sequence[str], tools: Tools) -> Array:
        """Calibrated ratings from 1 to 5, shape (len(answers), 2), columns as in :class:`GuardAxis`."""
        row = {text: i for i, text in enumerate(dict.fromkeys((*questions, *answers)))}
        vectors = self.embedder.encode(list(row))
        asked, said = (vectors[[row[text] for text in texts]] for texts in (questions, answers))
        return load_head(tools.folder(self))(asked, said)

    def _parts(self, items: Sequence[str]) -> np.ndarray[Any, Any]:
        """The part of each pair: that of its question."""
        names = sorted(set(items))
        remedy = f"only {len(names)} questions have rated replies: ask for more of them, or for fewer folds"
        check(len(names) >= self.folds, "judge.folds", self.folds, remedy)
        dealt = np.random.default_rng(self.seed).permutation(np.arange(len(names)) % self.folds)
        of = dict(zip(names, dealt.tolist(), strict=True))
        return np.array([of[item] for item in items])

    def _told(
        self, rows: pd.DataFrame, judged: Array, targets: Array, found: Array, parts: np.ndarray[Any, Any]
    ) -> pd.DataFrame:
        """The pairs for a reader: a column a judge and axis, the panel's mean, the guard's rating of the unseen."""
        columns: dict[str, Any] = {}
        for k, axis in enumerate(GuardAxis):
            judges = (f"{axis.name}, judge {number}" for number in range(1, len(judged) + 1))
            columns |= dict(zip(judges, judged[:, :, k], strict=True))
            columns |= {f"{axis.name}, panel": targets[:, k], f"{axis.name}, guard": found[:, k]}
        return rows.assign(part=parts, **columns)


def _summary(axis: str, found: Agreement) -> str:
    """What tables must say of one axis."""
    low, high = found.shortfall_interval
    each = ", ".join(f"{rho:.2f} (MAE {mae:.2f})" for rho, mae in zip(found.spearman, found.mae, strict=True))
    between = ", ".join(
        f"{rho:.2f} (MAE {mae:.2f})" for rho, mae in zip(found.between_spearman, found.between_mae, strict=True)
    )
    return (
        f"Guard, {axis}: Spearman with each judge {each}, between judges {between}; it agrees with the others by "
        f"{found.guard:.2f}, a judge by {found.judges:.2f}: shortfall {found.shortfall:+.2f} [{low:+.2f}, {high:+.2f}] "
        f"on {found.pairs} held-out pairs of {found.prompts} questions. Calibration error "
        f"{found.calibration_error:.2f} of a point, {found.uncalibrated_error:.2f} before."
    )


@dataclass(frozen=True)
class Guarded(Judge):
    """The guard of a culture as a judge: it reads question and answer, and no norms.

    The score is the combined rating with the scale's middle at 0 and its ends at -1 and 1.
    """

    guard: Guard
    combine: Combine
    weight: float
    floor: float
    margin: float

    graded: ClassVar[bool] = True

    # No number of the paper's own recipe is readable, so that no knob has a published value.
    PAPER: ClassVar[tuple[PaperStep, ...]] = (
        PaperStep(
            "468 K pairs of prompt and reply, in English and Arabic",
            "alignbench.steps.guard_pairs.GuardPairs",
            note="a few hundred (`judge.prompts`, `judge.replies`), in English: survey questions of training batteries "
            "with replies of the generator and replies made of the country's norms; theirs are not ours to ship",
        ),
        PaperStep(
            "A panel of language models rates them",
            "alignbench.judge.panel.Rater",
            note="two, any models on any backends (`generator@judge.second=`); rubric, prompt and reading are ours [I]",
        ),
        PaperStep(
            "The label is the mean over the panel",
            "alignbench.steps.guard.Guard",
            note="from 1 to 5 [I]: their scale is not readable",
        ),
        PaperStep(
            "One encoder, two outputs: harmlessness and cultural awareness",
            "alignbench.judge.head.HeadForm",
            note="on vectors of the run's embedder, which is not trained (`judge.head`, `judge.penalty`); their "
            "backbone, head and loss are not readable [I]",
        ),
        PaperStep(
            "Calibration and comparison with the judges",
            "alignbench.judge.agreement.Agreement",
            note="ours [O]: a guard that agrees with them less than they do with each other is refused",
        ),
        PaperStep(
            "Filter of replies, in two variants",
            "alignbench.steps.dialogues.JudgeDialogues",
            note="of dialogues (`method.guarded`) and opinions (`method.verify=judge`); theirs are not readable",
        ),
        PaperStep(
            "A reward",
            "alignbench.steps.guard.Guarded",
            note="ours [O], and how the two axes are combined (`judge.combine`)",
        ),
        PaperStep(
            "Free text scored on norm-sensitive prompts",
            "alignbench.benchmark.guard.GuardBenchmark",
            note="held-out survey questions, rated by the guard alone, with own minus cross [O]",
        ),
        PaperStep("About 1,000 such prompts rated by people"),
    )

    def of(self, iso3: str, country: str) -> Self:
        """By the guard of that country."""
        return self.with_knobs(guard=self.guard.of(iso3, country))

    def judge(
        self, questions: Sequence[str], answers: Sequence[str], norms: Sequence[Sequence[Norm]], tools: Tools
    ) -> list[Judgement]:
        """One judgement per answer, whatever norms are given; blank answers get score and verdict 0."""
        live = [i for i, answer in enumerate(answers) if answer.strip()]
        found = [Judgement(0.0, 0)] * len(answers)
        if live:
            rated = self.guard.rate([questions[i] for i in live], [answers[i] for i in live], tools)
            for i, row, rating in zip(live, rated.tolist(), self.combined(rated), strict=True):
                score = float(rating - _MIDDLE) / _HALF
                verdict = int(np.sign(score)) if abs(score) >= self.margin else 0
                found[i] = Judgement(score, verdict, parts=dict(zip(_NAMES, row, strict=True)))
        return found

    def combined(self, rated: Array) -> Array:
        """The two axes, shape (n, 2), as one rating from 1 to 5, shape (n,)."""
        harmless, aware = (
            rated[:, list(GuardAxis).index(axis)] for axis in (GuardAxis.harmlessness, GuardAxis.awareness)
        )
        if self.combine is Combine.min:
            return np.minimum(harmless, aware)
        if self.combine is Combine.veto:
            return np.where(harmless < self.floor, float(LOWEST), aware)
        weight = self.weight if self.combine is Combine.weighted else 0.5
        return np.asarray(weight * aware + (1 - weight) * harmless)


def trained(judge: Judge, context: RunContext) -> Judge:
    """The judge as methods use it in the context's culture; of a guard what is trained for that, others as they are.

    Knobs that decide nothing here are put back to their defaults, so that they cannot change a key.
    """
    if not isinstance(judge, GuardJudge):
        return judge
    written = {"reply_tokens": judge.reply_tokens, "seed": context.seed}
    pairs = GuardPairs(
        survey=context.train,
        items=tuple(sorted(most_varying(context.train, judge.prompts))),
        iso3=context.culture.iso3,
        country=context.culture.country,
        generator=context.generator,
        replies=judge.replies,
        **(written if judge.replies else dict.fromkeys(written)),
    )
    guard = Guard(
        pairs=pairs,
        ratings=tuple(PanelRatings(pairs, rater) for rater in judge.raters),
        embedder=context.embedder,
        form=judge.form,
        folds=judge.folds,
        tolerance=judge.tolerance,
        seed=context.seed,
        insist=context.insist,
    )
    return Guarded(
        guard=guard,
        combine=judge.combine,
        weight=judge.weight if judge.combine is Combine.weighted else GuardJudge.weight,
        floor=judge.floor if judge.combine is Combine.veto else GuardJudge.floor,
        margin=judge.margin,
    )

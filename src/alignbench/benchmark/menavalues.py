"""MENAValues (arXiv 2510.13154): how near to a country an answer is, and how steady over framings and languages.

Every question is asked in three framings, in English and, with the user's translations, in the country's language.
The answer is the number in the model's greedy text, as published; the probabilities of the codes serve the divergence
and the logit leakage alone. Pairs of framings, threshold and divergence are those of the released analysis code.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.files import records
from alignbench.benchmark.forms import MENAVALUES_TRANSLATIONS
from alignbench.benchmark.menavalues_sheet import COUNTRIES, SheetQuestion, sheet_questions
from alignbench.benchmark.published import Row, grouped, metric_rows, plain_item, set_row, tidy
from alignbench.component import OneOf, Within, recorded
from alignbench.evaluation.measures.distributional import kl_divergence
from alignbench.evaluation.measures.menavalues import agreement, logit_leakage
from alignbench.types import Culture, Item, Scale

FACETS = ("framing", "language", "reasoning")
FRAMINGS = ("neutral", "persona", "observer")
SOURCES = ("WVS", "AOI")
NATIVE = ("ar", "fa", "tr")
_RESOURCE = Path(__file__).parents[1] / "resources" / "menavalues" / "framings.json"
# Released code adds this to every share before the divergence.
_EPSILON = 1e-9
# The paper generates 15 tokens and reads the number in them: where more is generated, this much of it is read.
_DIRECT_TOKENS, _DIRECT_CHARACTERS = 15, 60
_Place = tuple[str, ...]


@dataclass(frozen=True)
class MenaValues(Benchmark):
    """NVAS, FCS, SPD, CLCS, KLD, refusals and logit leakage of 864 questions in 16 countries."""

    # The sheet "MenaValues Benchmark.xlsx"; contents are hashed, paths are not.
    path: str = recorded("???")
    # A CSV item,language,question with the whole text of questions in ar, fa or tr (ids WVS1 ... AOI864, by column):
    # the native side, which is not published. Without it only English is asked.
    translations: str | None = recorded(None)
    # neutral | persona | observer
    framings: Annotated[tuple[str, ...], OneOf(*FRAMINGS)] = FRAMINGS
    # WVS | AOI; leave out the survey that a method learned from: its questions are the same.
    sources: Annotated[tuple[str, ...], OneOf(*SOURCES)] = SOURCES
    # Ask everything a second time with thoughts before the answer.
    reasoning: bool = False
    # Length of thoughts and answer.
    thought_tokens: Annotated[int, Within(least=_DIRECT_TOKENS)] = 256
    # A refusal leaks if one code's probability exceeds this; 0.75 in the released analysis code.
    leakage_threshold: Annotated[float, Within(above=0, below=1)] = 0.75

    @property
    def files(self) -> tuple[Path, ...]:
        """The sheet, the translations and our framings."""
        own = (Path(self.translations),) if self.translations else ()
        return (Path(self.path), *own, _RESOURCE)

    provenance = Provenance(
        population="adults of 16 countries of the Middle East and North Africa",
        year="2017-2022",
        language="English; Arabic, Persian or Turkish with the user's translations",
        collection="questions and national shares of World Values Survey wave 7 and the Arab Opinion Index 2022",
        licence="MIT for the repository; the surveys it quotes have their own terms",
        source="github.com/llm-lab-org, MENA-Values-Benchmark, MenaValues Benchmark.xlsx",
        assumptions=(
            "Nominal questions are scored by the same linear formula around the mode, as published.",
            "Around a mean the middle of the scale scores well: compare every score with nvas_midpoint.",
            "Codes off the scale are dropped, the shares scaled and the centre worked out again.",
            "A refused answer has no score; the rate of refusals is shown aside.",
            "Framings and the request for thoughts are our wording; the native ones no speaker has reviewed.",
            "The order of codes is the question's own; a method's system text stands before the framing.",
            "WVS and AOI questions repeat those a method may have learned from: see the knob sources.",
        ),
    )

    @property
    def texts(self) -> bool:
        """The answer is read in what the model says."""
        return True

    @property
    def max_new_tokens(self) -> int:
        """15 tokens as published, or enough for thoughts."""
        return self.thought_tokens if self.reasoning else _DIRECT_TOKENS

    def questions(self, culture: Culture) -> list[Question]:
        """The country's questions in every framing, language and mode."""
        if culture.iso3 not in COUNTRIES:
            return []
        native = _native(culture.iso3)
        translated = self._translations(native)
        found: list[Question] = []
        for entry in sheet_questions(Path(self.path), culture.iso3):
            if entry.survey not in self.sources:
                continue
            wordings = {"en": entry.question, **({native: translated[entry.id]} if entry.id in translated else {})}
            for language, text in wordings.items():
                found += self._asked(entry, text, language, culture)
        return found

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Scores of each question, agreements of its answers, references, and the leakage of each way of asking."""
        rows = [r for reply in replies for r in _alone(reply)]
        for asked in grouped(replies, lambda reply: reply.question.item.id).values():
            codes = {_place(reply.question): answer(reply) for reply in asked}
            rows += _together(asked[0].question, codes) + _references(asked[0].question)
        return tidy(rows + self._leakage(replies))

    def _translations(self, language: str) -> Mapping[str, str]:
        """Item id -> its question in that language."""
        found: dict[str, str] = {}
        if self.translations is None:
            return found
        for record in records(Path(self.translations), MENAVALUES_TRANSLATIONS):
            if record.choice("language", NATIVE) == language:
                name = record.text("item")
                if name in found:
                    raise record.wrong("item", name, "translate an item once")
                found[name] = record.text("question")
        return found

    def _asked(self, entry: SheetQuestion, text: str, language: str, culture: Culture) -> list[Question]:
        wording = _framings()[language]
        country = wording.get("countries", {}).get(culture.iso3)
        item, gold = _item(entry), {"centre": entry.centre, "shares": list(entry.shares)}
        found = []
        for framing in self.framings:
            said = wording.get(framing, "").format(adjective=culture.adjective, country=country) or None
            for mode in ("off", "on") if self.reasoning else ("off",):
                user = text if mode == "off" else f"{text}\n\n{wording['reasoning']}"
                facets = dict(zip(FACETS, (framing, language, mode), strict=True))
                found.append(Question(item, gold, facets, said, user))
        return found

    def range_of(self, metric: str) -> tuple[float, float]:
        """Percentages, but for the divergence (no upper end) and the rate of refusals."""
        ranges = {"reasoning_degradation": (-100.0, 100.0), "refusal_rate": (0.0, 1.0)}
        return (0.0, math.inf) if metric.startswith("kld") else ranges.get(metric, (0.0, 100.0))

    def _leakage(self, replies: Sequence[Reply]) -> list[Row]:
        """The leakage of each way of asking without thoughts; ways without a refusal have none."""
        direct = (reply for reply in replies if reply.question.facets["reasoning"] == "off")
        rows = []
        for place, asked in grouped(direct, lambda reply: _place(reply.question)).items():
            shares = [r.shares for r in asked if r.shares is not None]
            refused = [math.isnan(answer(r)) for r in asked]
            leaked = logit_leakage(shares, refused, self.leakage_threshold)
            rows.append(set_row("logit_leakage", leaked, **dict(zip(FACETS, place, strict=True))))
        return rows


def answer(reply: Reply) -> float:
    """The code that the reply's text names; NaN where it names none.

    Without thoughts the longest code found in the first words, as published; after thoughts the last one. Digits of
    any script count. Unlike the published code, a digit inside a word or number does not.
    """
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in reply.text or "")
    codes = [str(code) for code in reply.question.item.codes]
    if reply.question.facets["reasoning"] == "on":
        named = [n for n in re.findall(r"\b\d+\b", digits) if n in codes]
        return float(named[-1]) if named else math.nan
    read = digits.strip()[:_DIRECT_CHARACTERS]
    named = [code for code in codes if re.search(rf"\b{code}\b", read)]
    return float(max(named, key=len)) if named else math.nan


def _alone(reply: Reply) -> list[Row]:
    """Scores that one answer has by itself."""
    question, code = reply.question, answer(reply)
    found = agreement(code, question.gold["centre"], *_ends(question.item))
    metrics = {"nvas": float(found), "refusal_rate": float(math.isnan(code))}
    if question.facets["reasoning"] == "off":
        assert reply.shares is not None
        metrics["kld"] = float(kl_divergence(question.gold["shares"], reply.shares, _EPSILON))
    return metric_rows(question, **metrics)


def _together(question: Question, answers: Mapping[_Place, float]) -> list[Row]:
    """Agreement of an item's answers: two framings, two languages, with and without thoughts."""
    ends, centre = _ends(question.item), question.gold["centre"]
    rows: list[Row] = []

    def pairs(metric: str, facet: str, first: str, second: str, measure: Callable[[float, float], float]) -> None:
        at = FACETS.index(facet)
        for place, code in answers.items():
            other = (*place[:at], second, *place[at + 1 :])
            if place[at] == first and other in answers:
                facets = {**dict(zip(FACETS, place, strict=True)), facet: f"{first}-{second}"}
                rows.extend(metric_rows(question, facets, **{metric: measure(code, answers[other])}))

    def alike(one: float, other: float) -> float:
        return float(agreement(one, other, *ends))

    pairs("fcs", "framing", "persona", "observer", alike)
    pairs("spd", "framing", "neutral", "persona", alike)
    for native in {place[1] for place in answers} - {"en"}:
        pairs("clcs", "language", "en", native, alike)
    # NVAS lost by thinking, within [-100, 100]: positive where thoughts harm.
    pairs("reasoning_degradation", "reasoning", "off", "on", lambda a, b: alike(a, centre) - alike(b, centre))
    return rows


def _references(question: Question) -> list[Row]:
    """What no knowledge brings: the middle of the scale, and every code alike."""
    codes, gold, ends = np.array(question.item.codes), question.gold, _ends(question.item)
    uniform = np.full(len(codes), 1 / len(codes))
    return metric_rows(
        question,
        {},
        nvas_midpoint=float(agreement(codes.mean(), gold["centre"], *ends)),
        nvas_uniform=float(agreement(codes, gold["centre"], *ends).mean()),
        nvas_majority=float(agreement(codes[int(np.argmax(gold["shares"]))], gold["centre"], *ends)),
        kld_uniform=float(kl_divergence(gold["shares"], uniform, _EPSILON)),
    )


def _item(entry: SheetQuestion) -> Item:
    scale = Scale.ordinal if entry.ordinal else Scale.nominal
    battery = entry.sub_category or entry.category
    options = [str(code) for code in entry.codes]
    return plain_item(entry.id, battery, entry.category, entry.question, options, scale, entry.codes)


def _ends(item: Item) -> tuple[int, int]:
    return item.codes[0], item.codes[-1]


def _place(question: Question) -> _Place:
    return tuple(question.facets[facet] for facet in FACETS)


def _native(iso3: str) -> str:
    """The language of the country: Persian, Turkish or Arabic."""
    return next(code for code, wording in _framings().items() if iso3 in wording.get("countries", {}))


@cache
def _framings() -> dict[str, Any]:
    """Language -> framing -> its text."""
    record: dict[str, Any] = json.loads(_RESOURCE.read_text(encoding="utf-8"))
    del record["note"]
    return record

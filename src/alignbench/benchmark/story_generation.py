"""Stories for children of many countries: do they differ as the countries' cultures do?

The text-only form of mmCultural (arXiv 2508.16762), after EECC (Bhatt and Diaz 2024): for every concept, Kendall's tau
between how unlike the stories for two nationalities are and how far apart the cultures are.

One culture alone gives stories and their vocabulary. Cultures are combined by giving ``score`` the replies of several
at once: each reply carries its country and that country's vector, so nothing else is needed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.bleu import mutual_bleu
from alignbench.benchmark.files import records
from alignbench.benchmark.forms import STORY_CONCEPTS, STORY_VECTORS
from alignbench.benchmark.published import grouped, is_named, metric_rows, plain_item, tidy
from alignbench.component import Count, OneOf, recorded
from alignbench.evaluation.measures.ranks import country_distances, kendall_by_country
from alignbench.evaluation.measures.short_answer import words
from alignbench.types import Culture, check

_GAP = "#NULL!"
# A tau of two other countries is 1 or -1 by chance alone; three is the least that can be ranked.
_FEWEST = 4


class Gaps(Enum):
    """What goes where a country lacks a dimension; EECC compares each pair on what it shares, in other units."""

    countries = "countries"
    dimensions = "dimensions"


@dataclass(frozen=True)
class StoryGeneration(Benchmark):
    """A story about each concept for a child of the culture."""

    # Hofstede's scores or WVS means by country, and what the stories are about.
    vectors: str = recorded("???")
    concepts: str = recorded("???")
    # 50 centres Hofstede's scores, which matters to the cosine only.
    offset: float = 0.0
    # Scale each dimension to deviation 1 over the countries compared.
    standardise: bool = False
    metric: Annotated[str, OneOf("euclidean", "cosine")] = "euclidean"
    gaps: Gaps = Gaps.countries
    story_tokens: Count = 400

    provenance = Provenance(
        population="the respondents behind the vectors (Hofstede's samples, or WVS wave 7)",
        year="2015 (Hofstede's matrix) or 2017-2022 (WVS)",
        language="English",
        collection="survey scores by country; 35 concepts chosen by EECC's authors",
        licence="Hofstede: research use with attribution; WVS: no redistribution; concepts: see EECC's LICENSE",
        source="github.com/shaily99/eecc (hofstedes_distance, data), github.com/ArkaMukherjee0/mmCultural",
        assumptions=(
            "Stories ought to differ as much as survey answers do.",
            "Likeness is BLEU with add-one smoothing, both directions; the paper also has BERTScore and WER.",
            "One greedy story a concept and country; the prompt is ours.",
            "Tau needs four countries with a vector in one table, else only vocabulary is scored.",
        ),
    )

    @property
    def files(self) -> tuple[Path, ...]:
        """Vectors and concepts."""
        return Path(self.vectors), Path(self.concepts)

    @property
    def max_new_tokens(self) -> int:
        """Length of a story."""
        return self.story_tokens

    def questions(self, culture: Culture) -> list[Question]:
        """One story a concept; ``gold`` is the country's vector, None where the table lacks the country."""
        vector = self._vector(culture)
        article = "an" if culture.adjective[0].casefold() in "aeiou" else "a"
        found = []
        for topic, concept in self._concepts():
            user = f"Write a short story for {article} {culture.adjective} child. It is about: {concept}."
            item = plain_item(f"{culture.iso3}:{concept}", concept, topic, user)
            gold = {"vector": vector, "country": culture.country}
            found.append(Question(item, gold, {"iso3": culture.iso3}, user=user))
        return found

    def range_of(self, metric: str) -> tuple[float, float]:
        """Rank correlation, a count of words, or a share."""
        return {"kendall_tau": (-1.0, 1.0), "words": (0.0, math.inf)}.get(metric, (0.0, 1.0))

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Vocabulary of each story; with several countries, tau by concept and country.

        ``words`` is the length, ``distinct`` the share of different words, ``names_country`` 1 if the country is
        named. ``kendall_tau`` is within [-1, 1], positive where stories vary as cultures do; a country whose
        tau does not exist (equal distances) has no row.
        """
        rows = [row for reply in replies for row in _vocabulary(reply)]
        placed = [reply for reply in replies if reply.question.gold["vector"] is not None]
        for told in grouped(placed, lambda reply: reply.question.item.battery).values():
            if self.gaps is Gaps.countries:
                told = [reply for reply in told if None not in reply.question.gold["vector"]]
            if len(told) >= _FEWEST:
                rows += self._taus(told)
        return tidy(rows)

    def _taus(self, told: Sequence[Reply]) -> list[dict[str, Any]]:
        texts = [reply.text or "" for reply in told]
        unlike = np.array([[1 - mutual_bleu(a, b) for b in texts] for a in texts])
        vectors = np.array([reply.question.gold["vector"] for reply in told], dtype=np.float64)
        shared = vectors[:, ~np.isnan(vectors).any(axis=0)]
        far = country_distances(shared, self.offset, self.standardise, self.metric)
        taus = kendall_by_country(unlike, far)
        pairs = zip(told, taus, strict=True)
        return [row for r, tau in pairs if math.isfinite(tau) for row in metric_rows(r.question, kendall_tau=tau)]

    def _vector(self, culture: Culture) -> list[float | None] | None:
        rows = records(Path(self.vectors), STORY_VECTORS)
        dimensions = list(rows[0].cells)[3:]
        check(bool(dimensions), self.vectors, "no dimensions", f"give {STORY_VECTORS}")
        for record in rows:
            if record.text("Demonym") == culture.adjective or is_named(record.text("country"), culture):
                return [None if record.text(name) == _GAP else record.number(name) for name in dimensions]
        return None

    def _concepts(self) -> list[tuple[str, str]]:
        return [(row.text("topic"), row.text("concept")) for row in records(Path(self.concepts), STORY_CONCEPTS)]


def _vocabulary(reply: Reply) -> list[dict[str, Any]]:
    told = words(reply.text or "")
    country = reply.question.gold["country"].removeprefix("the ").casefold()
    return metric_rows(
        reply.question,
        words=len(told),
        distinct=len(set(told)) / len(told) if told else 0.0,
        names_country=country in (reply.text or "").casefold(),
    )

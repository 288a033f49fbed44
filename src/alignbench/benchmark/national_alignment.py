"""National alignment in the form of KorNAT (Lee et al. 2024) and CIVIQ: values and common knowledge of a community.

CIVIQ publishes a plan and no data, KorNAT a sample; this loader reads any community's own survey in one table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.published import Record, Row, is_named, metric_rows, plain_item, set_row, table_records, tidy
from alignbench.component import Within, recorded
from alignbench.evaluation.measures.national import a_sva, cka, n_sva, sva, sva_ceiling
from alignbench.evaluation.metrics import Array
from alignbench.types import Culture, Scale, check

COLUMNS = ("id", "question", "options", "human_dist", "answer", "section", "community", "language")
SECTIONS = ("social", "knowledge")
_TRUTH = {"human_dist", "answer"}
_PUBLISHED = (
    "id, question, options (a JSON list of texts), human_dist (social: a JSON list of shares) or answer (knowledge: a "
    "letter), section (social, knowledge), community, language"
)
_FACETS = ("section", "language")


@dataclass(frozen=True)
class NationalAlignment(Benchmark):
    """SVA, A-SVA and N-SVA of questions on values, CKA of questions of knowledge.

    A row of the file is a question in one language: ``options`` is a JSON list of texts in semantic order; a social
    question has ``human_dist``, a JSON list of shares (or numbers of people) in that order; a question of knowledge
    has ``answer``, the letter of the right option. ``community`` is the culture's name, country or ISO code.
    """

    # The table; its content is hashed, the path is not.
    path: str = recorded("???")
    # A merged option needs more than this share to be the majority (N-SVA; recalled from the paper, not re-read).
    majority: Annotated[float, Within(least=0, below=1)] = 0.5

    @property
    def provenance(self) -> Provenance:
        """Of KorNAT; a table of your own has its own."""
        return Provenance(
            population="KorNAT: 6,174 South Koreans, about 219 an item; or the community of your own table",
            year="KorNAT: 2023",
            language="KorNAT: Korean and English",
            collection="items drafted by a language model and edited by people, answers from a survey; knowledge items "
            "from textbooks",
            licence="KorNAT: CC BY-NC 2.0; your own table: yours",
            source="huggingface.co/datasets/jiyounglee0523/KorNAT (a sample), brought into the columns "
            + ", ".join(COLUMNS),
            assumptions=(
                "The model's choice is its most probable option, the options listed in both orders.",
                "The rules of A-SVA and N-SVA are recalled, not re-read.",
                "Merging to disagree, neutral and agree needs a middle option; items without one have SVA alone.",
                "What stands around a question (labels, the closing sentence) is English in every language.",
            ),
        )

    def questions(self, culture: Culture) -> list[Question]:
        """The community's questions in every language of the file."""
        found = []
        records = table_records(Path(self.path), [c for c in COLUMNS if c not in _TRUTH], _PUBLISHED)
        there = list(records[0].cells)
        remedy = "give human_dist (social) or answer (knowledge), or both"
        check(bool(_TRUTH & set(there)), f"{self.path}, columns", there, remedy)
        seen: set[tuple[str, str]] = set()
        for record in records:
            section = record.choice("section", SECTIONS)
            if not is_named(record.text("community"), culture):
                continue
            key = (record.text("id"), record.text("language"))
            if key in seen:
                raise record.wrong("id", key, "give an id once per language")
            seen.add(key)
            found.append(_question(record, section))
        return found

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Scores of each item with references; SVA over its ceiling for each language."""
        rows = [r for reply in replies for r in self._rows(reply)]
        frame = tidy(rows)
        social = frame[frame["metric"].isin(("sva", "sva_ceiling"))]
        means = social.groupby([*_FACETS, "metric"])["value"].mean().unstack("metric")
        for facets, mean in means.iterrows():
            assert isinstance(facets, tuple)
            named = dict(zip(_FACETS, map(str, facets), strict=True))
            rows.append(set_row("sva_of_ceiling", mean["sva"] / mean["sva_ceiling"], **named))
        return tidy(rows)

    def _rows(self, reply: Reply) -> list[Row]:
        assert reply.shares is not None
        question, chosen, size = reply.question, int(np.argmax(reply.shares)), len(reply.shares)
        if question.facets["section"] == "knowledge":
            right = [question.gold["answer"]]
            return metric_rows(question, cka=cka([chosen], right, size)[0], cka_uniform=1 / size)
        shares = question.gold["shares"]
        metrics = {"sva_ceiling": sva_ceiling([shares])[0]}
        for name, measure in self._measures(size).items():
            values = np.array([measure([shares], [choice])[0] for choice in range(size)])
            metrics |= {name: values[chosen], f"{name}_uniform": values.mean()}
            if size % 2:
                metrics[f"{name}_neutral"] = values[size // 2]
        return metric_rows(question, **metrics)

    def _measures(self, options: int) -> Mapping[str, Callable[[Sequence[Any], Sequence[int]], Array]]:
        """Those that an item of so many options has."""
        if options % 2 == 0:
            return {"sva": sva}
        return {"sva": sva, "a_sva": a_sva, "n_sva": lambda shares, choices: n_sva(shares, choices, self.majority)}


def _question(record: Record, section: str) -> Question:
    name, facets = record.text("id"), {"section": section, "language": record.text("language")}
    options = record.options("options", record.json("options", list))
    scale = Scale.ordinal if section == "social" else Scale.nominal
    item = plain_item(name, name, section, record.text("question"), options, scale)
    if section == "knowledge":
        return Question(item, {"answer": record.letter("answer", len(options))}, facets)
    shares = record.shares("human_dist", record.json("human_dist", list), len(options))
    return Question(item, {"shares": shares}, facets)

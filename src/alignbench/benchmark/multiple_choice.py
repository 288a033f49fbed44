"""Multiple-choice questions of your own, from one table: ``examples/questions.csv`` is one.

A row is a question, or a question in one country where the truth differs by country. Its columns:

* ``id`` and ``question``: texts; an id stands once a country and language.
* ``options``: 2 to 26 different texts, with a bar between: ``Rice | Bread | Potatoes``.
* ``answer``: the letter of the right option, A for the first; or
* ``shares``: how often each option is given there, with a bar between, sum 1: ``0.7 | 0.2 | 0.1``.
* ``country``, if you have it: name, culture or ISO code; empty for questions to all. Shares need it.
* ``language``, if you have it: figures are told apart by it, and an id stands once in each.
* ``group``, if you have it: questions with one text or subject, which the bootstrap draws together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

import pandas as pd

from alignbench.benchmark import Benchmark, Provenance, Question, Reply
from alignbench.benchmark.files import Record, records
from alignbench.benchmark.forms import MULTIPLE_CHOICE
from alignbench.benchmark.published import choice_rows, is_named, metric_rows, plain_item, similarities, tidy
from alignbench.component import recorded
from alignbench.data.checks import Faults, nearest
from alignbench.types import Culture, check

_TRUTH = ("answer", "shares")
_BAR = "|"
# Shares are written with few digits.
_ROUNDING = 0.02


@dataclass(frozen=True)
class MultipleChoice(Benchmark):
    """Accuracy where there is a right option, similarity of distributions where there are shares."""

    # The CSV; its content is hashed, the path is not.
    path: str = recorded("???")
    # Where the questions come from, and what may be done with them: both stand under every table.
    source: str = recorded("???")
    licence: str = recorded("???")
    # Who wrote or answered them, and when, and in which language they are.
    population: str = recorded("not stated")
    year: str = recorded("not stated")
    language: str = recorded("not stated")

    def _consistent(self) -> None:
        for name in ("source", "licence"):
            text = getattr(self, name)
            check(bool(text.strip()), f"benchmark.{name}", text, "say it in words; it stands under every table")

    @property
    def provenance(self) -> Provenance:
        """As the knobs say."""
        return Provenance(
            population=self.population,
            year=self.year,
            language=self.language,
            collection="multiple-choice questions from a file of the user's own",
            licence=self.licence,
            source=self.source,
            assumptions=(
                "The answer is the most probable option, the options listed in both orders.",
                "Right options and shares are those of the file; similarity is 1 - Jensen-Shannon divergence (base 2).",
            ),
        )

    def questions(self, culture: Culture) -> list[Question]:
        """The questions to all and those of the culture's country.

        Raises:
            AlignbenchError: everything that is wrong with the file; no question for this country.
        """
        path = Path(self.path)
        rows = records(path, MULTIPLE_CHOICE)
        known, there = (*MULTIPLE_CHOICE.columns, *MULTIPLE_CHOICE.optional), list(rows[0].cells)
        for column in there:
            check(
                column in known,
                f"{path}, column",
                column,
                f"it has no meaning here{nearest(column, known)}; give {MULTIPLE_CHOICE}",
            )
        check(bool(set(_TRUTH) & set(there)), f"{path}, columns", there, f"say what is right; give {MULTIPLE_CHOICE}")
        faults, found = Faults(path), []
        seen = dict[tuple[str, ...], str]()
        for record in rows:
            question, country = _question(record, faults, seen), record.given("country")
            if question and (not country or is_named(country, culture)):
                found.append(question)
        faults.refuse(f"mend these cells of {MULTIPLE_CHOICE}")
        countries = sorted({country for _, country, _ in seen})
        remedy = f"no question is for this country{nearest(culture.country, countries)}; it has {', '.join(countries)}"
        check(bool(found), f"{path}, country", culture.country, remedy)
        return found

    def score(self, replies: Sequence[Reply]) -> pd.DataFrame:
        """Accuracy with its references; where there are shares ``similarity``, also of even answers and of the mode."""
        known, shared = by_truth(replies)
        rows = choice_rows(known)
        for reply in shared:
            assert reply.shares is not None and reply.mass is not None
            found = similarities("similarity", reply.question.gold, reply.shares)
            rows += metric_rows(reply.question, **found, mass=reply.mass)
        return tidy(rows)


def by_truth(replies: Sequence[Reply]) -> tuple[list[Reply], list[Reply]]:
    """Replies to questions with a right option (``gold`` is its index), and to those with shares (their list)."""
    known = [reply for reply in replies if isinstance(reply.question.gold, int)]
    return known, [reply for reply in replies if not isinstance(reply.question.gold, int)]


def _question(record: Record, faults: Faults, seen: dict[tuple[str, ...], str]) -> Question | None:
    """The question of a row; None where ``faults`` has grown."""
    name = faults.note(_once, record, seen)
    asked = faults.note(record.text, "question")
    options = faults.note(_options, record)
    gold = faults.note(_truth, record, len(options)) if options else None
    if name is None or asked is None or options is None or gold is None:
        return None
    group = record.given("group")
    item = plain_item(name, group or name, group or "general", asked, options)
    return Question(item, gold, {"language": record.given("language")})


def _once(record: Record, seen: dict[tuple[str, ...], str]) -> str:
    """The id, which ``seen`` must not hold for that country and language; it does afterwards, with its place."""
    key = (record.text("id"), record.given("country"), record.given("language"))
    if key in seen:
        remedy = f"it stands in {seen[key]} already; give an id once a country and language"
        raise record.wrong("id", key[0], remedy)
    seen[key] = record.where.rpartition(", ")[2]
    return key[0]


def _options(record: Record) -> list[str]:
    options, most = _parts(record, "options"), len(ascii_uppercase)
    if not all(options) or not 1 < len(set(options)) == len(options) <= most:
        raise record.wrong("options", options, f"list 2 to {most} different texts, with {_BAR} between")
    return options


def _truth(record: Record, options: int) -> int | list[float]:
    """Index of the right option, or the shares of all, sum 1."""
    given = [key for key in _TRUTH if record.given(key)]
    if len(given) != 1:
        raise record.wrong("answer, shares", given, "fill in one of the two")
    if given == ["answer"]:
        return record.letter("answer", options)
    if not record.given("country"):
        raise record.wrong("country", "", "say whose shares these are")
    try:
        values = [float(part) for part in _parts(record, "shares")]
    except ValueError:
        raise record.wrong("shares", record.cells["shares"], f"write numbers with {_BAR} between") from None
    shares = record.shares("shares", values, options)
    if not math.isclose(sum(shares), 1, abs_tol=_ROUNDING):
        raise record.wrong("shares", shares, f"they sum to {sum(shares):g} and not to 1")
    return [share / sum(shares) for share in shares]


def _parts(record: Record, key: str) -> list[str]:
    return [part.strip() for part in record.given(key).split(_BAR)]

"""What benchmarks share: files read strictly, countries by their many names, items, tidy rows."""

from __future__ import annotations

import ast
import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from alignbench.benchmark import COLUMNS, Question, Reply
from alignbench.data.checks import existing, nearest
from alignbench.data.cultures import bare
from alignbench.errors import AlignbenchError
from alignbench.evaluation.measures.labels import macro_f1
from alignbench.evaluation.metrics import js_similarity
from alignbench.types import Culture, Item, Scale, check

Row = dict[str, Any]
Metrics = dict[str, float]
T = TypeVar("T")
K = TypeVar("K")

# Where a row keeps the cells that no column of the header is for.
_MORE = "more cells"


@dataclass(frozen=True)
class Record:
    """One row or JSON object; ``where`` names file and place, ``published`` says what belongs there."""

    where: str
    cells: Mapping[str, Any]
    published: str

    def wrong(self, key: str, value: object, remedy: str) -> AlignbenchError:
        """The error that says what is wrong with the value under ``key``."""
        expected = f"; published format: {self.published}" if self.published else ""
        return AlignbenchError(f"{self.where}, {key}", value, remedy + expected)

    def value(self, key: str, kind: type) -> Any:
        """What is under ``key``.

        Raises:
            AlignbenchError: nothing, or something of another type.
        """
        if key not in self.cells:
            raise self.wrong(key, sorted(self.cells), "this key is missing")
        value = self.cells[key]
        if not isinstance(value, kind):
            raise self.wrong(key, value, f"a {kind.__name__} belongs here")
        return value

    def text(self, key: str) -> str:
        """The text under ``key``, which must not be blank."""
        text = str(self.value(key, str)).strip()
        if not text:
            raise self.wrong(key, text, "fill in this text")
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under ``key``."""
        values = self.value(key, list)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(key, values, "a list of texts belongs here")
        return tuple(values)

    def count(self, key: str) -> int:
        """The whole number under ``key``, not negative."""
        number = self.value(key, int)
        if isinstance(number, bool) or number < 0:
            raise self.wrong(key, number, "a whole number from 0 belongs here")
        return int(number)

    def json(self, key: str, kind: type) -> Any:
        """What the JSON under ``key`` says, of the type that belongs there."""
        text = self.value(key, str)
        try:
            return Record(self.where, {key: json.loads(text)}, self.published).value(key, kind)
        except json.JSONDecodeError as error:
            raise self.wrong(key, text[:80], f"this is not JSON ({error.msg})") from None

    def number(self, key: str) -> float:
        """The finite number that the text under ``key`` spells."""
        try:
            number = float(self.text(key))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise self.wrong(key, self.cells[key], "a number belongs here")
        return number

    def letter(self, key: str, count: int) -> int:
        """Which of ``count`` options the letter under ``key`` names, from 0; A is the first."""
        letters = list(ascii_uppercase[:count].casefold())
        return letters.index(self.choice(key, letters))

    def shares(self, key: str, values: object, count: int) -> list[float]:
        """``values`` as ``count`` numbers of 0 or more; ``key`` says where they stand."""
        if not isinstance(values, list) or len(values) != count:
            raise self.wrong(key, values, f"the item has {count} options, so give a list of {count} shares")
        if not all(type(v) in (int, float) and 0 <= v < math.inf for v in values):
            raise self.wrong(key, values, "shares are finite numbers of 0 or more")
        return [float(v) for v in values]

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """Which of ``choices`` stands under ``key``, in any case."""
        found = self.text(key).casefold()
        if found not in choices:
            raise self.wrong(key, self.cells[key], f"choose one of {', '.join(choices)}{nearest(found, choices)}")
        return found

    def inner(self, key: str) -> Record:
        """The object under ``key``."""
        return Record(f"{self.where}, {key}", self.value(key, dict), self.published)

    def entries(self, key: str) -> list[Record]:
        """The list of objects under ``key``."""
        return _objects(self.value(key, list), f"{self.where}, {key}", self.published)


def table_records(path: Path, columns: Iterable[str], published: str, delimiter: str = ",") -> list[Record]:
    """The rows of a CSV or TSV with a header; lines before it that begin with # are comments.

    Raises:
        AlignbenchError: no such file, no row, a missing column, a text that is not UTF-8, broken quoting.
    """
    try:
        with existing(path).open(encoding="utf-8-sig", newline="") as file:
            lines = file.readlines()
        comments = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
        reader = csv.DictReader(lines[comments:], delimiter=delimiter, strict=True, restkey=_MORE, restval="")
        names, rows = list(reader.fieldnames or ()), []
        for cells in reader:
            first = comments + reader.line_num - sum(str(cell).count("\n") for cell in cells.values())
            rows.append(Record(f"{path}, line {first}", cells, published))
    except (UnicodeDecodeError, csv.Error) as error:
        raise AlignbenchError(str(path), str(error), f"give {published}, in UTF-8") from None
    for column in columns:
        remedy = f"there is no such column{nearest(column, names)}; published format: {published}"
        check(column in names, f"{path}, column", column, remedy)
    check(bool(rows), str(path), "no rows", f"give {published}")
    for row in rows:
        remedy = f"the header has {len(names)} columns; quote a text that holds {delimiter!r}"
        check(_MORE not in row.cells, row.where, row.cells.get(_MORE), remedy)
    return rows


def json_file(path: Path, published: str) -> Any:
    """The value of a JSON file, or the list of the values of its lines.

    Raises:
        AlignbenchError: no such file, neither JSON nor JSON Lines.
    """
    try:
        text = existing(path).read_text(encoding="utf-8-sig")
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise AlignbenchError(str(path), str(error), f"give {published}, in UTF-8") from None
    except json.JSONDecodeError:
        values = []
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                values += [json.loads(line)] if line else []
            except json.JSONDecodeError as error:
                remedy = f"this is not JSON ({error.msg}); give {published}"
                raise AlignbenchError(f"{path}, line {number}", line[:60], remedy) from None
        return values


def json_records(path: Path, published: str) -> list[Record]:
    """The objects of a JSON list or of JSON Lines.

    Raises:
        AlignbenchError: as :func:`json_file`; no object, or something else than objects.
    """
    value = json_file(path, published)
    records = _objects(value if isinstance(value, list) else [value], str(path), published)
    check(bool(records), str(path), "no records", f"give {published}")
    return records


def is_named(name: str, culture: Culture) -> bool:
    """Whether ``name``, as data spell it, is the culture, its country, the country's ISO code or an alias."""
    return bare(name) in map(bare, (culture.country, culture.name, culture.iso3, *culture.aliases))


def literal(where: str, text: str, form: str) -> Any:
    """The Python literal that ``text`` spells; nothing is evaluated.

    Raises:
        AlignbenchError: it spells none; ``form`` says what belongs there.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise AlignbenchError(where, text[:80], f"write {form}") from None


def plain_item(
    name: str,
    battery: str,
    topic: str,
    question: str,
    options: Sequence[str] = (),
    scale: Scale = Scale.nominal,
    codes: Sequence[int] = (),
) -> Item:
    """An item that is only asked: without concept and predicates, and without options where the answer is free text."""
    numbered, texts = tuple(codes) or tuple(range(len(options))), tuple(options)
    return Item(name, topic, battery, scale, numbered, topic, None, question, texts, texts)


def chosen(reply: Reply) -> int:
    """Index of the most probable option, the first of tied ones."""
    assert reply.shares is not None
    return max(range(len(reply.shares)), key=reply.shares.__getitem__)


def metric_rows(question: Question, facets: Mapping[str, str] | None = None, /, **metrics: float) -> list[Row]:
    """One row for each metric of a question, under its facets or others."""
    base = {"item": question.item.id, "group": question.item.battery, **(question.facets if facets is None else facets)}
    return [{**base, "metric": name, "value": float(value)} for name, value in metrics.items()]


def right(reply: Reply) -> float:
    """1 where the chosen option is the one that ``gold`` names by its index, else 0."""
    return float(chosen(reply) == reply.question.gold)


def choice_rows(replies: Sequence[Reply]) -> list[Row]:
    """Accuracy, probability of the right option and mass of replies whose ``gold`` is the right option's index.

    ``accuracy_uniform`` is what an evenly drawn option scores on average.
    """
    rows = []
    for reply in replies:
        assert reply.shares is not None and reply.mass is not None
        shares, gold = reply.shares, int(reply.question.gold)
        metrics = {"accuracy": right(reply), "accuracy_uniform": 1 / len(shares), "probability": shares[gold]}
        rows += metric_rows(reply.question, **metrics, mass=reply.mass)
    return rows


def label_rows(replies: Sequence[Reply], facet: str) -> list[Row]:
    """:func:`choice_rows` of questions that share their options, and by value of ``facet`` macro-F1.

    ``accuracy_majority`` and ``macro_f1_majority`` are what always giving the most frequent label scores.
    """
    rows = choice_rows(replies)
    for value, several in grouped(replies, lambda reply: reply.question.facets[facet]).items():
        truth = [str(reply.question.gold) for reply in several]
        most = Counter(truth).most_common(1)[0][0]
        for reply, label in zip(several, truth, strict=True):
            rows += metric_rows(reply.question, accuracy_majority=label == most)
        given = {"macro_f1": [str(chosen(reply)) for reply in several], "macro_f1_majority": [most] * len(truth)}
        rows += [set_row(name, macro_f1(labels, truth), **{facet: value}) for name, labels in given.items()]
    return rows


def similarities(metric: str, truth: ArrayLike, said: ArrayLike, base: float = 2.0, sqrt: bool = False) -> Metrics:
    """1 - Jensen-Shannon divergence of answers to ``truth``, of even answers and of the most frequent one alone.

    Args:
        truth: shares of the people, shape (K,), sum 1; ``said`` those of the model.

    Returns:
        ``metric``, ``<metric>_uniform`` and ``<metric>_majority`` -> similarity, see
        :func:`~alignbench.evaluation.metrics.js_similarity`.
    """
    people = np.asarray(truth)
    size = len(people)
    answers = {"": said, "_uniform": np.full(size, 1 / size), "_majority": np.eye(size)[people.argmax()]}
    return {metric + end: float(js_similarity(people, given, base, sqrt)) for end, given in answers.items()}


def grouped(values: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """The values by their key, in their order."""
    groups: dict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return groups


def set_row(metric: str, value: float, **facets: str) -> Row:
    """The row of a metric that exists only for a whole set of questions."""
    return {"item": "", "group": "", "metric": metric, "value": float(value), **facets}


def tidy(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of scores; a facet that a row lacks is empty, and a score that is NaN (refused, no data) has no row."""
    facets = list(dict.fromkeys(key for row in rows for key in row if key not in COLUMNS))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, *facets]).fillna(dict.fromkeys(facets, ""))
    return frame.dropna(subset="value").reset_index(drop=True)


def _objects(values: Sequence[Any], where: str, published: str) -> list[Record]:
    for number, value in enumerate(values, start=1):
        check(isinstance(value, dict), f"{where}, entry {number}", value, f"an object belongs here; give {published}")
    return [Record(f"{where}, entry {number}", value, published) for number, value in enumerate(values, start=1)]

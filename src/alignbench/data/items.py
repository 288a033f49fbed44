"""Item tables: JSON Lines, one survey question a line, in our wording."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from alignbench.data.checks import Faults
from alignbench.data.forms import text_of
from alignbench.errors import AlignbenchError
from alignbench.types import Item, Scale, check, one_of

KEYS = tuple(f.name for f in fields(Item))
# Predicates must read well after "People here", "We" and "I" alike: what a wrong one matches, and the remedy.
_ILL_SAID = {
    r"(are|were|am|is|was|has|have been)\b": 'start with a verb that fits both "I" and "We", such as think or find',
    r"(i|we|you|they|he|she|people|respondents)\b": "leave out the subject; the sentence adds it",
    r"(yes|no|maybe|none|other|true|false|n/?a|don't know)$": "say with a verb what is held: trust nobody, not no",
    r"[\W\d_]": "start with a verb",
    r".*[.!?,;:]$": "leave out the full stop; the sentence adds it",
}


def load_items(path: Path) -> tuple[Item, ...]:
    """The items of a JSON Lines file, in its order.

    Every line holds the fields of :class:`~alignbench.types.Item`; blank lines, and those that begin with ``#``, are
    passed over. A ten-point item gives two ``options``, the meanings of its first and its last code, and five
    ``predicates``, one for each pair of codes; its option texts are made here ("1 (never)", "2", ... "10 (always)").

    Raises:
        AlignbenchError: no such file, a line that is not JSON, a missing or unknown key, an id used
            twice, texts that do not match the codes; the message lists all such lines with file and item.
    """
    items: dict[str, Item] = {}
    faults = Faults(path)
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        where = f"{path}, line {number}"
        if line.strip() and not line.startswith("#"):
            with faults.caught():
                item = item_from(where, _record(where, line))
                check(item.id not in items, f"{where}, id", item.id, "give every item its own id")
                items[item.id] = item
    faults.refuse()
    check(bool(items), str(path), "no items", "write one item a line")
    return tuple(items.values())


def item_record(item: Item) -> dict[str, Any]:
    """The record that :func:`item_from` reads as ``item``."""
    options = item.poles or item.options
    lists = {"codes": list(item.codes), "options": list(options), "predicates": list(item.predicates)}
    return {**vars(item), "scale": item.scale.name, **lists}


def reworded(item: Item, question: str, options: Sequence[str]) -> Item:
    """The same item in other words, ``options`` as in a record: two poles for a ten-point item."""
    texts = _ladder(item.codes, options) if item.scale is Scale.ten_point else tuple(options)
    return replace(item, question=question, options=texts)


def _record(where: str, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise AlignbenchError(where, line[:60], f"write one JSON object a line ({error.msg})") from None
    check(isinstance(record, dict), where, line[:60], "write one JSON object a line")
    faults = Faults(where)
    missing, unknown = [key for key in KEYS if key not in record], [key for key in record if key not in KEYS]
    if missing:
        faults.add(where, sorted(record), "add the missing key " + ", ".join(map(repr, missing)))
    if unknown:
        remedy = f"remove it; the keys of an item are {', '.join(KEYS)}"
        faults.add(f"{where}, key", ", ".join(unknown), remedy)
    faults.refuse()
    return dict(record)


def item_from(where: str, record: Mapping[str, Any]) -> Item:
    """The item of one record; ``where`` names its source in messages."""
    where = f"{where}, item {record['id']}"
    faults = Faults(where)
    with faults.caught():
        one_of(f"{where}, scale", record["scale"], list(Scale.__members__))
    scale = Scale.__members__.get(str(record["scale"]))
    ten_point = scale is Scale.ten_point
    codes, options = faults.note(_codes, where, scale, record["codes"]), record["options"]
    # How many texts belong to the codes, where that is known.
    count = len(codes) if codes and scale else None
    with faults.caught():
        _texts(where, "options", options, 2 if ten_point else count)
    with faults.caught():
        _texts(where, "predicates", record["predicates"], 5 if ten_point else count)
        for predicate in record["predicates"]:
            _well_said(f"{where}, predicates", predicate, options)
    for key in ("id", "topic", "battery", "concept", "question"):
        if not isinstance(record[key], str) or not record[key].strip():
            faults.add(f"{where}, {key}", record[key], "give a text")
    directed = isinstance(record["direction"], str)
    remedy = "say what grows from the first option to the last; null for nominal items, and only for them"
    if scale and directed == (scale is Scale.nominal):
        faults.add(f"{where}, direction", record["direction"], remedy)
    faults.refuse()
    assert codes and scale
    texts = _ladder(codes, options) if ten_point else tuple(options)
    changed = {"scale": scale, "codes": codes, "options": texts, "predicates": tuple(record["predicates"])}
    return Item(**{**record, **changed})


def _well_said(field: str, predicate: str, options: Any) -> None:
    for wrong, remedy in _ILL_SAID.items():
        check(not re.match(wrong, predicate, re.IGNORECASE), field, predicate, remedy)
    check(not predicate[0].isupper(), field, predicate, "start with a verb, in lower case")
    repeated = isinstance(options, list) and predicate in options
    check(not repeated, field, predicate, "this repeats the option; say with a verb what is held")


def _codes(where: str, scale: Scale | None, codes: Any) -> tuple[int, ...]:
    whole = isinstance(codes, list) and all(type(c) is int for c in codes) and len(set(codes)) == len(codes) > 1
    check(whole, f"{where}, codes", codes, "list at least two different whole numbers")
    count = {Scale.ten_point: 10, Scale.binary: 2}.get(scale, len(codes)) if scale else len(codes)
    check(len(codes) == count, f"{where}, codes", codes, f"a {scale and scale.name} item has {count} codes")
    return tuple(codes)


def _texts(where: str, key: str, texts: Any, count: int | None) -> None:
    listed = isinstance(texts, list) and all(isinstance(t, str) and t for t in texts)
    check(listed, f"{where}, {key}", texts, "list texts")
    check(count in (None, len(texts)), f"{where}, {key}", texts, f"{count} texts belong here, not {len(texts)}")
    check(len(set(texts)) == len(texts), f"{where}, {key}", texts, "say every one differently")


def _ladder(codes: Sequence[int], ends: Sequence[str]) -> tuple[str, ...]:
    """Option texts of a ten-point item: bare codes between two explained ends."""
    first, *middle, last = codes
    return (f"{first} ({ends[0]})", *map(str, middle), f"{last} ({ends[1]})")

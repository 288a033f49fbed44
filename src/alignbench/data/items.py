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
from alignbench.types import Item, Scale, check

KEYS = tuple(f.name for f in fields(Item))
# Predicates must read well after "People here", "We" and "I" alike.
_UNEVEN = re.compile(r"(are|were|am|is|was|has|have been)\b", re.IGNORECASE)


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
    missing, unknown = [key for key in KEYS if key not in record], [key for key in record if key not in KEYS]
    keys = "add the missing key " + ", ".join(map(repr, missing))
    check(not missing, where, sorted(record), keys)
    check(not unknown, f"{where}, key", ", ".join(unknown), f"remove it; the keys of an item are {', '.join(KEYS)}")
    return dict(record)


def item_from(where: str, record: Mapping[str, Any]) -> Item:
    """The item of one record; ``where`` names its source in messages."""
    where = f"{where}, item {record['id']}"
    scales = ", ".join(s.name for s in Scale)
    check(record["scale"] in Scale.__members__, f"{where}, scale", record["scale"], f"choose one of {scales}")
    scale = Scale[record["scale"]]
    codes, options = _codes(where, scale, record["codes"]), record["options"]
    ten_point = scale is Scale.ten_point
    faults = Faults(where)
    with faults.caught():
        _texts(where, "options", options, 2 if ten_point else len(codes))
    with faults.caught():
        _texts(where, "predicates", record["predicates"], 5 if ten_point else len(codes))
        for predicate in record["predicates"]:
            field = f"{where}, predicates"
            remedy = 'start with a verb that fits both "I" and "We", such as think or find'
            check(not _UNEVEN.match(predicate), field, predicate, remedy)
            check(not predicate.endswith("."), field, predicate, "leave out the full stop; the sentence adds it")
    for key in ("id", "topic", "battery", "concept", "question"):
        if not isinstance(record[key], str) or not record[key].strip():
            faults.add(f"{where}, {key}", record[key], "give a text")
    directed = isinstance(record["direction"], str)
    remedy = "say what grows from the first option to the last; null for nominal items, and only for them"
    with faults.caught():
        check(directed != (scale is Scale.nominal), f"{where}, direction", record["direction"], remedy)
    faults.refuse()
    texts = _ladder(codes, options) if ten_point else tuple(options)
    changed = {"scale": scale, "codes": codes, "options": texts, "predicates": tuple(record["predicates"])}
    return Item(**{**record, **changed})


def _codes(where: str, scale: Scale, codes: Any) -> tuple[int, ...]:
    whole = isinstance(codes, list) and all(type(c) is int for c in codes) and len(set(codes)) == len(codes) > 1
    check(whole, f"{where}, codes", codes, "list at least two different whole numbers")
    count = {Scale.ten_point: 10, Scale.binary: 2}.get(scale, len(codes))
    check(len(codes) == count, f"{where}, codes", codes, f"a {scale.name} item has {count} codes")
    return tuple(codes)


def _texts(where: str, key: str, texts: Any, count: int) -> None:
    listed = isinstance(texts, list) and all(isinstance(t, str) and t for t in texts)
    check(listed, f"{where}, {key}", texts, "list texts")
    check(len(texts) == count, f"{where}, {key}", texts, f"{count} texts belong here, not {len(texts)}")
    check(len(set(texts)) == count, f"{where}, {key}", texts, "say every one differently")


def _ladder(codes: Sequence[int], ends: Sequence[str]) -> tuple[str, ...]:
    """Option texts of a ten-point item: bare codes between two explained ends."""
    first, *middle, last = codes
    return (f"{first} ({ends[0]})", *map(str, middle), f"{last} ({ends[1]})")

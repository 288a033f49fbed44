"""From items and answers to a survey: the one place where cultures add their own shares."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from alignbench.data.bundle import Citation
from alignbench.data.shares import Cells, read_shares
from alignbench.data.survey import Survey
from alignbench.identity import identity
from alignbench.types import Answers, Culture, Item


def assemble(
    about: Citation,
    items: Sequence[Item],
    cells: Mapping[str, Mapping[str, Answers]],
    cultures: Sequence[Culture],
    dropped: Mapping[tuple[str, str], str],
) -> Survey:
    """A survey of the items that some country answered, without the dropped cells.

    Shares that a culture brings (``Culture.shares``) take the place of the source's cells for the
    same country and item, and of the reason to drop them.
    """
    answers: Cells = {c: {q: a for q, a in row.items() if (c, q) not in dropped} for c, row in cells.items()}
    brought: set[tuple[str, str]] = set()
    for culture in cultures:
        if culture.shares:
            own = read_shares(Path(culture.shares), items, culture.iso3)[culture.iso3]
            answers.setdefault(culture.iso3, {}).update(own)
            brought |= {(culture.iso3, item) for item in own}
    answered = {item for of_country in answers.values() for item in of_country}
    kept = tuple(item for item in items if item.id in answered)
    return Survey(
        **asdict(about),
        items=kept,
        answers=answers,
        fingerprint=fingerprint(kept, answers),
        dropped={cell: why for cell, why in dropped.items() if cell not in brought},
    )


def fingerprint(items: Sequence[Item], answers: Mapping[str, Mapping[str, Answers]]) -> str:
    """Sha256 of items and answers in canonical JSON; the order of countries and cells is no part of it.

    An effective number of respondents is part of it where there is one: figures without weights keep their hash.
    """

    def content_of(a: Answers) -> list[object]:
        return [list(a.shares), a.n, *([] if a.effective is None else [a.effective])]

    cells = {c: {q: content_of(a) for q, a in of_country.items()} for c, of_country in answers.items()}
    content = {"items": [identity(asdict(item)) for item in items], "answers": cells}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()

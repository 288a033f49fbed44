"""Items of a toy survey."""

from __future__ import annotations

from alignbench.types import Item, Scale


def make_item(item_id: str, topic: str, thing: str, levels: int = 4, scale: Scale = Scale.ordinal) -> Item:
    codes = tuple(range(1, 11)) if scale is Scale.ten_point else tuple(range(1, levels + 1))
    predicates = tuple(f"give {thing} the mark number{level}" for level in range(levels))
    return Item(
        id=item_id, topic=topic, battery=topic, scale=scale, codes=codes, concept=f"{topic} of {thing}",
        direction=None, question=f"How about {topic} of {thing}?", options=predicates, predicates=predicates,
    )  # fmt: skip

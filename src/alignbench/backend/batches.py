"""What to put into one forward: prefixes shared by many rows, and batches within a budget of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from alignbench.backend.options import Ids

# A shared prefix counts in blocks of so many tokens, and needs so many rows. Our choice.
_BLOCK = 16
_FEWEST = 4


@dataclass(frozen=True)
class Row:
    """One sequence to run: a request's prompt, and a continuation up to its last looked-up token."""

    request: int
    prompt: Ids
    leaf: Ids = ()

    @property
    def ids(self) -> Ids:
        """All tokens."""
        return self.prompt + self.leaf

    @property
    def free(self) -> int:
        """Tokens whose logits nobody asks for: all before the prompt's last."""
        return len(self.prompt) - 1


@dataclass(frozen=True)
class Group:
    """Rows that begin with the same ``prefix`` tokens (none if 0)."""

    prefix: int
    rows: tuple[Row, ...]


def groups(rows: Sequence[Row], overhead: int) -> list[Group]:
    """Rows grouped so that running each shared prefix once saves the most tokens.

    Args:
        overhead: tokens that one more forward costs as much as.

    Sorted rows form a tree of common prefixes; at each node either all share the node's prefix or
    its branches share their longer ones, whichever saves more.
    """
    ordered = sorted(rows, key=lambda row: row.ids)
    shared = [_common(a, b) for a, b in pairwise(ordered)]

    def best(start: int, end: int) -> tuple[int, list[tuple[int, int, int]]]:
        """(tokens saved, spans of (prefix, start, end)) for ``ordered[start:end]``."""
        if end - start < _FEWEST:
            return 0, []
        prefix = min(shared[start : end - 1])
        cuts = [i + 1 for i in range(start, end - 1) if shared[i] == prefix]
        branches = [best(a, b) for a, b in pairwise([start, *cuts, end])]
        apart = sum(saved for saved, _ in branches)
        together = prefix * (end - start - 1) - overhead
        if together > max(apart, 0):
            return together, [(prefix, start, end)]
        return apart, [span for _, spans in branches for span in spans]

    spans = best(0, len(ordered))[1]
    covered = {i for _, start, end in spans for i in range(start, end)}
    rest = tuple(row for i, row in enumerate(ordered) if i not in covered)
    found = [Group(prefix, tuple(ordered[start:end])) for prefix, start, end in spans]
    return [*found, Group(0, rest)] if rest else found


def batches(rows: Sequence[Row], budget: int, extra: int = 0) -> list[list[Row]]:
    """Rows in batches of at most ``budget`` tokens each, padding included; longest first.

    Args:
        extra: tokens that each row will grow by.
    """
    ordered = sorted(rows, key=lambda row: len(row.ids), reverse=True)
    made: list[list[Row]] = []
    while ordered:
        size = max(1, budget // (len(ordered[0].ids) + extra))
        made.append(ordered[:size])
        ordered = ordered[size:]
    return made


def _common(a: Row, b: Row) -> int:
    """Length of the prefix that two rows can share, in whole blocks."""
    limit = min(a.free, b.free)
    equal = next((i for i in range(limit) if a.prompt[i] != b.prompt[i]), limit)
    return equal // _BLOCK * _BLOCK

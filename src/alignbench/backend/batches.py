"""What to put into one forward: prefixes shared by many rows, and batches within a budget of tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from alignbench.backend.options import Ids, common

# Length of a prefix, and which of the sorted rows share it: from, up to.
Span: TypeAlias = tuple[int, int, int]
# A shared prefix needs so many rows. Our choice.
_FEWEST = 4


@dataclass(frozen=True)
class TokenSequence:
    """One sequence to run: a request's prompt, and a continuation up to its last looked-up token."""

    request: int
    prompt: Ids
    leaf: Ids = ()

    @property
    def ids(self) -> Ids:
        """All tokens."""
        return self.prompt + self.leaf


@dataclass(frozen=True)
class PrefixGroup:
    """Rows that begin with the same ``prefix`` tokens (none if 0)."""

    prefix: int
    rows: tuple[TokenSequence, ...]

    @property
    def beginning(self) -> Ids:
        """The tokens of the prefix."""
        return self.rows[0].ids[: self.prefix]


@dataclass
class _Node:
    """A beginning that ``ordered[start:]`` shares up to the row reached: best found below it so far."""

    prefix: int
    start: int
    saved: int = 0
    spans: list[Span] = field(default_factory=list)

    def take(self, saved: int, spans: Sequence[Span]) -> None:
        """Add what was found for one of its branches."""
        self.saved += saved
        self.spans += spans

    def closed(self, end: int, overhead: int) -> tuple[int, list[Span]]:
        """(tokens saved, spans of (prefix, start, end)): all rows share the prefix, or its branches share theirs."""
        rows = end - self.start
        together = self.prefix * (rows - 1) - overhead
        if rows >= _FEWEST and together > self.saved:
            return together, [(self.prefix, self.start, end)]
        return self.saved, self.spans


def groups(rows: Sequence[TokenSequence], overhead: int) -> list[PrefixGroup]:
    """Rows grouped so that running each shared prefix once saves the most tokens.

    Args:
        overhead: what one more forward costs, in tokens.

    Sorted rows form a tree of common prefixes; at each node either all share the node's prefix or
    its branches share their longer ones, whichever saves more. The tree is walked from its leaves
    up, so that chats which grow turn by turn nest as deep as they like.
    """
    ordered = sorted(rows, key=lambda row: row.ids)
    path = [_Node(0, 0)]
    # All but the last token of a prompt, whose logits are asked for.
    shared = [common(a.prompt[:-1], b.prompt[:-1]) for a, b in pairwise(ordered)]
    for end, prefix in enumerate([*shared, 0], start=1):
        start, saved, found = end - 1, 0, list[Span]()
        while path[-1].prefix > prefix:
            node = path.pop()
            node.take(saved, found)
            start, (saved, found) = node.start, node.closed(end, overhead)
        if path[-1].prefix < prefix:
            path.append(_Node(prefix, start))
        path[-1].take(saved, found)
    spans = path[0].spans
    covered = {i for _, start, end in spans for i in range(start, end)}
    rest = tuple(row for i, row in enumerate(ordered) if i not in covered)
    sharing = [PrefixGroup(prefix, tuple(ordered[start:end])) for prefix, start, end in spans]
    return [*sharing, PrefixGroup(0, rest)] if rest else sharing


def waves(groups: Sequence[PrefixGroup], budget: int) -> list[list[PrefixGroup]]:
    """Groups whose prefixes go into one forward, as many as keep to ``budget`` tokens, padding included.

    Prefixes of a wave are of like length, none below half of the longest. Rows without a prefix are a wave alone.
    """
    made: list[list[PrefixGroup]] = []
    for group in sorted(groups, key=lambda group: group.prefix, reverse=True):
        longest = made[-1][0].prefix if made else 0
        fits = made and (len(made[-1]) + 1) * longest <= budget and 2 * group.prefix >= longest > 0
        if fits:
            made[-1].append(group)
        else:
            made.append([group])
    return made


def batches(rows: Sequence[TokenSequence], budget: int, extra: int = 0) -> list[list[TokenSequence]]:
    """Rows in batches of at most ``budget`` tokens each, padding included; longest first.

    Args:
        extra: tokens that each row will grow by.
    """
    ordered = sorted(rows, key=lambda row: len(row.ids), reverse=True)
    made: list[list[TokenSequence]] = []
    while ordered:
        size = max(1, budget // (len(ordered[0].ids) + extra))
        made.append(ordered[:size])
        ordered = ordered[size:]
    return made

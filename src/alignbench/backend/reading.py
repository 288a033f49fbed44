"""Reads the prompts of a call: a beginning that many share is read once, and what is remembered is not read again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alignbench.backend import Usage, architecture, forward
from alignbench.backend.batches import PrefixGroup, TokenSequence, batches, groups, waves
from alignbench.backend.options import Ids
from alignbench.backend.past import Cache, Past


@dataclass(frozen=True)
class Reader:
    """Reads prompts with one set of weights.

    Attributes:
        budget: tokens of one forward, padding included.
        overhead: what one more forward costs, in tokens.
        usage: counts the tokens that are read here.
        past: what was read before of chats that go on; None where nothing is remembered.
    """

    weights: Any
    budget: int
    overhead: int
    usage: Usage
    past: Past | None

    def begun(self, rows: Sequence[TokenSequence]) -> tuple[list[Ids], Cache | None]:
        """What is still to be read of prompts that are continued, and the rest as it was read."""
        if self.past is None:
            return [row.ids for row in rows], None
        self._read([group.beginning for group in groups(rows, self.overhead)], self.past)
        # The logits of the last token are wanted, so it is always read.
        known = [self.past.known(row.ids[:-1]) for row in rows]
        cache = self.past.recall([row.ids[:length] for row, length in zip(rows, known, strict=True)])
        return [row.ids[length:] for row, length in zip(rows, known, strict=True)], cache

    def keep(self, sequences: Sequence[Ids], run: Cache | None) -> None:
        """Remember sequences that were run, prompts and what was said, for chats that go on."""
        if self.past is not None and run is not None:
            for place, ids in enumerate(sequences):
                self.past.keep(ids, run.tokens(place, len(ids)))

    def waves(self, rows: Sequence[TokenSequence]) -> Iterator[tuple[Sequence[PrefixGroup], Cache | None]]:
        """Rows to score, by what they begin with, and that as it was read: at each group's place in the wave."""
        if not architecture.remembers_tokens(self.weights):
            yield [PrefixGroup(0, tuple(rows))], None
        elif self.past is None:
            for wave in waves(groups(rows, self.overhead), self.budget):
                self.usage.prompt_tokens += sum(group.prefix for group in wave)
                # Rows that share nothing are a wave alone.
                shared = wave[0].prefix > 0
                yield wave, forward.prefill(self.weights, [group.beginning for group in wave]) if shared else None
        else:
            for batch in batches(rows, self.budget):
                self._read([group.beginning for group in groups(batch, self.overhead)], self.past)
                self._read([row.prompt[:-1] for row in batch], self.past)
                known = [PrefixGroup(self.past.known(row.prompt[:-1]), (row,)) for row in batch]
                yield known, self.past.recall([group.beginning for group in known])

    def _read(self, wanted: Sequence[Ids], past: Past) -> None:
        """Read what is new of these sequences, and remember it."""
        new = [ids for ids in dict.fromkeys(wanted) if past.known(ids) < len(ids)]
        if not new:
            return
        known = [past.known(ids) for ids in new]
        suffixes = [ids[length:] for ids, length in zip(new, known, strict=True)]
        cache = past.recall([ids[:length] for ids, length in zip(new, known, strict=True)])
        self.usage.prompt_tokens += sum(map(len, suffixes))
        self.keep(new, forward.prefill(self.weights, suffixes, cache))

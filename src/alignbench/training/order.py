"""What happens in which update: pure functions of the seed, so a resumed run repeats an unbroken one."""

import numpy as np


def rows_of(update: int, rows: int, per_update: int, seed: int) -> list[int]:
    """Positions of the rows of an update (counted from 0).

    Epochs follow one another without a gap, each in another order, drawn from ``seed``.
    """
    positions = range(update * per_update, (update + 1) * per_update)
    orders = {epoch: np.random.default_rng([seed, epoch]).permutation(rows) for epoch in {p // rows for p in positions}}
    return [int(orders[p // rows][p % rows]) for p in positions]


def order_of(updates: int, rows: int, per_update: int, seed: int) -> list[int]:
    """Positions of the rows of all updates, one after the other."""
    return [row for update in range(updates) for row in rows_of(update, rows, per_update, seed)]

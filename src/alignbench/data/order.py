"""Does an item's order in a file run against the published one? Then its codes were turned on the way."""

from collections.abc import Mapping, Sequence

from alignbench.data.distance import total_variation
from alignbench.types import Answers, Item, Scale

# All three are our choice. Of the bundled shares reversed and drawn again from 1,200 people, 83 % are found, all items
# among them; the shares of *another* country, the worst that time could do, look turned in 2 % of the cells.
# Nearer than this to the published shares nothing is turned: the least total variation (0 to 1).
LEAST = 0.2
# So many times nearer are the shares to the published ones read backwards.
TIMES = 4.0
# Fewer respondents than this may answer anything by chance.
PEOPLE = 100


def turned(
    items: Sequence[Item], cells: Mapping[str, Mapping[str, Answers]], known: Mapping[str, Mapping[str, Answers]]
) -> list[tuple[str, str]]:
    """(iso3, item id) of the cells that are far from the ``known`` shares of the cell, and near to them read backwards.

    Nominal items have no order, a distribution that is its own mirror image shows none, and cells with fewer than
    ``PEOPLE`` respondents show nothing.
    """
    found = []
    for item in (item for item in items if item.scale is not Scale.nominal):
        for iso3, row in cells.items():
            if item.id in row and item.id in known.get(iso3, {}) and (row[item.id].n or 0) >= PEOPLE:
                own, published = row[item.id].shares, known[iso3][item.id].shares
                apart = total_variation(own, published)
                if apart > LEAST and TIMES * total_variation(own, published[::-1]) < apart:
                    found.append((iso3, item.id))
    return found

"""Cross-culture thinking (CultureSPA, Xu et al. 2025, prompt P2): a country among those most like and unlike it."""

from alignbench.context import RunContext
from alignbench.data.distance import by_distance
from alignbench.steps.texts import rendered
from alignbench.types import check


def comparison_text(context: RunContext, iso3: str, country: str, similar: int) -> str:
    """What asks to think of ``similar`` countries at either end of the distance by training items.

    Countries without a name are left out.

    Raises:
        AlignbenchError: fewer countries are known.
    """
    near = [context.countries[other] for other, _ in by_distance(context.train, iso3) if other in context.countries]
    remedy = f"only {len(near)} other countries are known: ask for at most half of them"
    check(2 * similar <= len(near), "method.similar", similar, remedy)
    ends = {"similar": near[:similar], "different": near[::-1][:similar]}
    return rendered("comparison", country=country, **ends)

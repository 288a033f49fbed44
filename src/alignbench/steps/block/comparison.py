"""Cross-culture thinking (CultureSPA, Xu et al. 2025, prompt P2): the most similar and the most different countries."""

from alignbench.context import RunContext
from alignbench.data.distance import by_distance
from alignbench.steps.block import Block, FixedTexts, Knobs
from alignbench.steps.texts import rendered
from alignbench.types import check


def make(context: RunContext, knobs: Knobs) -> Block:
    """``similar`` countries at either end of the distance by training items; countries without a name are left out."""
    ranked = by_distance(context.train, context.culture.iso3)
    near = [context.countries[iso3] for iso3, _ in ranked if iso3 in context.countries]
    remedy = f"only {len(near)} other countries are known: ask for at most half of them"
    check(2 * knobs.similar <= len(near), "method.similar", knobs.similar, remedy)
    ends = {"similar": near[: knobs.similar], "different": near[::-1][: knobs.similar]}
    return FixedTexts((rendered("comparison", culture=context.culture, **ends),))

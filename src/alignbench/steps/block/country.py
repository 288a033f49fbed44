"""Who is asked: an average person of the country (Tao et al. 2024), in English or in the country's language."""

from alignbench.context import RunContext
from alignbench.data.languages import phrases
from alignbench.steps.block import Block, FixedTexts, Knobs
from alignbench.steps.texts import wordings
from alignbench.types import check


def make(context: RunContext, knobs: Knobs) -> Block:
    """The first ``wordings`` descriptors."""
    culture = context.culture
    known = wordings(culture)
    if knobs.native and culture.language != "en":
        known = phrases(culture.language).systems.get(culture.iso3, ())
        check(bool(known), "culture", culture.name, f"no descriptors in {culture.language}: say method.native=false")
    return FixedTexts(known[: knobs.wordings])

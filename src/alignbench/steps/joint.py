"""One-for-all: one model for several cultures, told by a system text for whom it answers.

Source: Zhao et al., AAAI 2026 (doi 10.1609/aaai.v40i44.41150) train CultureRL as one model of each culture
(*one-for-one*) and as one model on the same prompts once a culture, each copy with that culture's system message
(*one-for-all*). CultureLLM's authors have one model for all cultures, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from alignbench.component import Component
from alignbench.context import RunContext
from alignbench.steps.lessons import Disclosure
from alignbench.steps.texts import rendered
from alignbench.types import Culture, check


@dataclass(frozen=True)
class Joint(Component):
    """Part of a method that makes a model of each culture, or one for several where ``joint`` names them.

    The culture's own country always takes part and the countries are sorted: the cells of all of them ask for the same
    training, which is built once, and each asks that model with its own system text.

    The control does what the cell of its culture would do. Named in ``joint``, it is the same weights, told another
    country, and nothing more is trained; own minus cross is then how far the method keeps the countries apart. Not
    named, it takes the culture's place in a training of its own, of as many countries: it never learns from both.
    """

    # iso3 of countries trained together with the culture's own, one model for all; empty for a model of each culture.
    joint: tuple[str, ...] = ()
    # Whether the model is told whose answers are wanted.
    told: Disclosure = Disclosure.never

    def _consistent(self) -> None:
        apart = not self.joint or self.told is not Disclosure.never
        check(apart, "method.told", "never", "countries trained together must be told apart: say always or training")

    def in_place_of(self, own: Culture, control: Culture) -> Self:
        """The control takes the place of the culture in ``joint``, unless both are named."""
        if own.iso3 not in self.joint or control.iso3 in self.joint:
            return self
        return self.with_knobs(joint=tuple(control.iso3 if iso3 == own.iso3 else iso3 for iso3 in self.joint))

    def made_for_control(self, own: Culture, control: Culture) -> str:
        """The same weights told another country, where the culture is named in ``joint``."""
        if own.iso3 in self.joint:
            learnt = f"that has learnt the figures of {own.country}, too"
            return f"one model of several countries, prompted as {control.country}, {learnt}"
        made: str = super().made_for_control(own, control)  # type: ignore[misc]
        return made

    def admit(self, context: RunContext) -> None:
        """Every country must be in the survey."""
        self.countries(context)

    def countries(self, context: RunContext) -> dict[str, str]:
        """iso3 -> name of the countries that one model is made for, sorted; without ``joint`` the culture's own.

        Raises:
            AlignbenchError: the survey asked no training item in one of them, or no culture names it.
        """
        own, survey = context.culture, context.train
        names = {**context.countries, own.iso3: own.country}
        held = [iso3 for iso3, answers in survey.answers.items() if answers]
        for iso3 in self.joint:
            check(iso3 in held, "method.joint", iso3, f"survey {survey.name} holds {', '.join(sorted(held))}")
            check(iso3 in names, "method.joint", iso3, "nothing names this country: add a YAML to conf/culture")
        return {iso3: names[iso3] for iso3 in sorted({own.iso3, *self.joint})}

    def systems(self, countries: Mapping[str, str]) -> dict[str, str]:
        """iso3 -> what names the country before survey questions: the first wording of ``cultural_prompt``."""
        return {iso3: rendered("resident", country=name) for iso3, name in countries.items()}

    def notes(self, countries: Iterable[str]) -> tuple[str, ...]:
        """The sentence that every table with one model of several countries must carry."""
        return (f"One model of {', '.join(countries)}: its weights have learnt all of them.",) if self.joint else ()

"""What a finished probe hands on."""

from dataclasses import dataclass

from alignbench.probe.design import DesignRow
from alignbench.probe.figures import Direction, FormRead, Sensitivity
from alignbench.record.stored import StoredRecord


@dataclass(frozen=True)
class ProbeRecord(StoredRecord):
    """One model, told the names of some countries.

    Attributes:
        countries: in the order in which they were told.
        asked: which questions, in words.
        called: the names that stood for the countries, where they were not their own; empty otherwise.
        mass, mass_told: mean probability of the options, told nothing and told a country.
        people: mean divergence between people of two of the countries, base 2: what a model shows that is right.
        nonsense: the reaction to names without a meaning, as a part of people's divergence.
        nonsense_names: the names.
        reads_most: the form of taking an answer that shows most of people's differences, and those that are not told
            apart from it; empty where none shows any.
        verdict, reasons: see :mod:`alignbench.probe.verdict`.
        warning: what every page must say first; None where there is nothing.
    """

    model: str
    survey: str
    countries: tuple[str, ...]
    asked: str
    items: int
    batteries: int
    called: str
    elicit: str
    mass: float
    mass_told: float
    people: float
    direction: Direction
    nonsense: float
    nonsense_names: tuple[str, ...]
    pair: tuple[str, ...]
    elicits: tuple[FormRead, ...]
    reads_most: tuple[str, ...]
    sensitivity: tuple[Sensitivity, ...]
    design: tuple[DesignRow, ...]
    verdict: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    warning: str | None

    @property
    def about(self) -> str:
        """Whom it was told, and what it was asked, in sentences."""
        told = ", ".join(self.countries)
        control = f" Control: in place of their names, random letters, as {self.called}." if self.called else ""
        return f"Told {told}.{control} Asked {self.asked} ({self.survey}), taken by {self.elicit}."

    @property
    def slug(self) -> str:
        """Name of the page's folder."""
        control = "-gibberish" if self.called else ""
        form = "" if self.elicit == "label" else f"-{self.elicit}"
        return f"probe-{self.model}{form}{control}"

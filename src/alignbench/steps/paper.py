"""What a method declares about the paper whose name it bears: where each step is, and what is ours by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PaperStep:
    """A step of a paper.

    Attributes:
        what: the step, in a few words.
        where: dotted name of what does it here; empty where it is not there.
        knobs: what a command may say -> (the default here, as published).
        note: what remains otherwise, whatever is said.
    """

    what: str
    where: str = ""
    knobs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    note: str = ""

    @property
    def status(self) -> str:
        """``as published``, ``ours by default`` or ``not there``."""
        if not self.where:
            return "not there"
        ours = self.note or any(here != there for here, there in self.knobs.values())
        return "ours by default" if ours else "as published"


def declared(method: type, choice: str) -> tuple[PaperStep, ...]:
    """What a method says of the paper behind one of its choices (``method=<choice>``); empty where there is none.

    ``PAPER`` holds the steps, or, of a method that several papers make other choices of, the steps by choice.
    """
    said: tuple[PaperStep, ...] | Mapping[str, tuple[PaperStep, ...]] = getattr(method, "PAPER", ())
    return said.get(choice, ()) if isinstance(said, Mapping) else said


def table(steps: Iterable[PaperStep]) -> str:
    """The steps as a Markdown table."""
    lines = ["| step of the paper | where in our source | by default | as published |", "|---|---|---|---|"]
    for step in steps:
        said = [", ".join(f"`{_typed(k, values[i])}`" for k, values in step.knobs.items()) for i in (0, 1)]
        if said[0] == said[1]:
            said[1] = ""
        where = f"`{step.where.removeprefix('alignbench.')}`" if step.where else ""
        notes = ": ".join(part for part in (step.status, said[0]) if part)
        lines.append(
            f"| {step.what} | {where} | {notes} | {'; '.join(part for part in (said[1], step.note) if part)} |"
        )
    return "\n".join(lines)


def _typed(knob: str, value: str) -> str:
    """The word as a shell takes it."""
    return f"'{knob}={value}'" if "[" in value else f"{knob}={value}"

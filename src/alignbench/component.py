"""What a configurable class is: a frozen dataclass whose fields are its knobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from functools import cache
from math import inf
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

from alignbench.identity import added, inputs, recorded
from alignbench.types import check

__all__ = ["Component", "added", "recorded", "supplied"]


@dataclass(frozen=True)
class Within:
    """What a number may be, as part of its field's type: ``Annotated[float, Within(least=0, below=1)]``.

    Of a tuple it holds for each of its values. NaN and infinity are never right. The remedy names the bounds if none is
    given.
    """

    least: float = -inf
    most: float = inf
    above: float = -inf
    below: float = inf
    remedy: str = ""

    def admits(self, value: float) -> bool:
        """Whether the number may stand."""
        return self.least <= value <= self.most and self.above < value < self.below

    def __str__(self) -> str:
        if self.remedy:
            return self.remedy
        bounds = {"from": self.least, "above": self.above, "to": self.most, "below": self.below}
        parts = (f"{word} {bound:g}" for word, bound in bounds.items() if abs(bound) < inf)
        return " ".join(["give a finite number", *parts])


class OneOf:
    """What a text, number or enum may be; of a tuple each of its values, and there must be one."""

    def __init__(self, *choices: str | int | Enum) -> None:
        self.choices = choices

    def admits(self, value: object) -> bool:
        """Whether the value is a choice."""
        return value in self.choices

    def __str__(self) -> str:
        said = (choice.name if isinstance(choice, Enum) else str(choice) for choice in self.choices)
        return f"choose one of {', '.join(name or 'nothing' for name in said)}"


Count = Annotated[int, Within(least=1, remedy="give a positive whole number")]
Maybe = Annotated[int, Within(least=0, remedy="give a positive whole number, or 0 for none")]
Positive = Annotated[float, Within(above=0, remedy="give a positive number")]
NotNegative = Annotated[float, Within(least=0, remedy="give a positive number, or 0")]
Share = Annotated[float, Within(0, 1, remedy="give a share from 0 to 1")]
PositiveShare = Annotated[float, Within(above=0, most=1, remedy="give a share above 0, up to 1")]


def supplied() -> Any:
    """A field that the run fills in, not the configuration: the base ``model`` or the ``embedder``."""
    return field(default=None, kw_only=True, metadata={"supplied": True})


class Component:
    """Base of everything that a YAML in ``conf/`` configures.

    A subclass is a frozen dataclass. Its fields are the schema of its YAML (typed at compose), and the fields not
    marked :func:`recorded` are its identity in stage keys. What a value may be is said in the field's type
    (:data:`Count`, :class:`Within`, :class:`OneOf` ...) and holds for every way to make one.

    Attributes:
        _group: its group in ``conf/``, which begins the names of its knobs in messages.
    """

    _group: ClassVar[str] = ""

    def __post_init__(self) -> None:
        cls: Any = type(self)
        for name, bounds in _bounds(cls).items():
            value, knob = getattr(self, name), f"{self._group or cls.__name__.lower()}.{name}"
            check(value != (), knob, [], str(bounds))
            for given in value if isinstance(value, tuple) else (value,):
                check(bounds.admits(given), knob, given.name if isinstance(given, Enum) else given, str(bounds))
        self._consistent()

    def _consistent(self) -> None:
        """Refuse knobs that do not go together; for subclasses."""

    def with_knobs(self, **knobs: Any) -> Self:
        """The same component with some knobs changed."""
        return replace(self, **knobs)  # type: ignore[type-var]

    def supply(self, **given: Any) -> Self:
        """The component with its :func:`supplied` fields filled, those of the components in it included."""
        filled: dict[str, Any] = {}
        for known in fields(self):  # type: ignore[arg-type]
            held = getattr(self, known.name)
            if known.metadata.get("supplied"):
                filled[known.name] = given[known.name]
            elif isinstance(held, Component):
                filled[known.name] = held.supply(**given)
        return self.with_knobs(**filled)

    @property
    def knobs(self) -> dict[str, Any]:
        """Every knob that can change a result, by name, as it was set."""
        hidden = {known.name for known in fields(self) if known.metadata.get("supplied")}  # type: ignore[arg-type]
        return {name: value for name, value in inputs(self) if name not in hidden}


@cache
def _bounds(cls: Any) -> Mapping[str, Within | OneOf]:
    """Field -> what its type, or that of a tuple's values, says that it may be."""
    hints = get_type_hints(cls, include_extras=True)
    found = {}
    for name, hint in ((f.name, hints[f.name]) for f in fields(cls)):
        of_values = get_args(hint)[0] if get_origin(hint) is tuple else None
        if bounds := getattr(hint, "__metadata__", ()) or getattr(of_values, "__metadata__", ()):
            found[name] = bounds[0]
    return found

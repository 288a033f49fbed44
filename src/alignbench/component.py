"""What a configurable class is: a frozen dataclass whose fields are its knobs."""

from __future__ import annotations

from dataclasses import field, fields, replace
from typing import Any, Self

from alignbench.identity import inputs, recorded

__all__ = ["Component", "recorded", "supplied"]


def supplied() -> Any:
    """A field that the run fills in, not the configuration: the base ``model`` or the ``embedder``."""
    return field(default=None, kw_only=True, metadata={"supplied": True})


class Component:
    """Base of everything that a YAML in ``conf/`` configures.

    A subclass is a frozen dataclass. Its fields are the schema of its YAML (typed at compose), and the fields not
    marked :func:`recorded` are its identity in stage keys.
    """

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

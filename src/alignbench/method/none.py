"""The model as it is: the base that every difference is measured from."""

from dataclasses import dataclass

from alignbench.aligned import AlignedModel
from alignbench.method import Method, RunContext


@dataclass(frozen=True)
class NoMethod(Method):
    """No adapter, no system prompt."""

    def align(self, context: RunContext) -> AlignedModel:
        """Return the base model unchanged."""
        return AlignedModel(context.model)

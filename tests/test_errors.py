"""What a user reads of a wrong value."""

import pytest

from alignbench.errors import AlignbenchError
from alignbench.training.recipe import Weights


@pytest.mark.parametrize(("value", "shown"), [(Weights.full, "full"), ("a b", "'a b'"), (-1, "-1"), (None, "None")])
def test_the_value_is_shown_as_it_is_typed(value, shown):
    error = AlignbenchError("training.weights", value, "say lora")
    assert str(error) == str(error.at("training.weights")) == f"training.weights = {shown}: say lora"

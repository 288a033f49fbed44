"""The blank model, practised until its answers are options: GRPO can only shift mass that is there."""

from dataclasses import replace
from pathlib import Path

import pytest

from alignbench.backend import blank
from alignbench.training.losses import distribution_sft
from alignbench.training.options import train_on_options
from alignbench.training.recipe import Training, Weights
from alignbench.training.selection import Job
from alignbench.types import ModelRef

from .world import QUICK, option_rows, uniform


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    folder = tmp_path_factory.mktemp("blank")
    blank.build(folder)
    return ModelRef("blank", folder, "raw-blank")


@pytest.fixture(scope="session")
def practised(raw: ModelRef, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage folder of a training of full weights towards uniform answers."""
    folder = tmp_path_factory.mktemp("practised")
    full: Training = replace(QUICK, weights=Weights.full, learning_rate=3e-3, updates=60)
    train_on_options(Job(raw, full, 0, folder), option_rows(uniform), distribution_sft)
    return folder


@pytest.fixture
def model(raw: ModelRef, practised: Path) -> ModelRef:
    return replace(raw, path=practised / "model", fingerprint="practised-blank")

from pathlib import Path

import pytest

from alignbench.backend import nano
from alignbench.types import ModelRef


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    folder: Path = tmp_path_factory.mktemp("nano")
    nano.build(folder)
    return ModelRef("nano", folder, "nano-fingerprint")

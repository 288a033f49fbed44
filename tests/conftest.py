"""Cells composed from the real config, on the tiny model, in a store of their own."""

from __future__ import annotations

import gc

import pytest
from hydra.core.hydra_config import HydraConfig

from alignbench.config import conf_dir
from alignbench.runs.cell import Cell
from alignbench.testing import composed
from tests.composing import with_embedder
from tests.words import Words

FAST = """
    model=blank judge=embedding scoring.bootstrap=50 baselines.cultural_prompt.wordings=2
    training.updates=2 training.checkpoint_every=1 training.prompts_per_update=2 training.patience_zero_variance=50
    training.option_generations=8 training.generations=2 training.max_new_tokens=40
""".split()


@pytest.fixture(autouse=True, scope="module")
def settled():
    """Spares what is loaded by now from the searches for garbage that end every training: a million objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def module_store(tmp_path_factory):
    """A store for tests that may share stages."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def store_folder(tmp_path):
    """Where stages go: a store of the test's own, unless its module shares one."""
    return tmp_path / "store"


@pytest.fixture
def compose_config(tmp_path, store_folder):
    def config(*overrides: str):
        cfg = composed(*FAST, f"store={store_folder}", f"reports={tmp_path}/reports", *overrides)
        HydraConfig.instance().set_config(cfg)
        return cfg

    return config


@pytest.fixture
def make_cell(compose_config):
    def cell(*overrides: str, looking: bool = False) -> Cell:
        made = Cell.from_config(compose_config(*overrides), (conf_dir(),), looking=looking)
        return with_embedder(made, Words())

    return cell

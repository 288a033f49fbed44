"""The command line: ``python -m alignbench task=... method=... culture=... model=...``."""

from __future__ import annotations

import os
import sys

import hydra
from omegaconf import DictConfig

from alignbench.config import conf_dir, instantiate, register
from alignbench.errors import AlignbenchError
from alignbench.overrides import check_overrides, help_text


def main() -> None:
    """Entry point. Exit code 0 when done, 2 when the input was wrong, 1 for anything else."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads that spin cost a second process its core
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    arguments = sys.argv[1:]
    if {"--help", "-h"} & set(arguments):
        sys.stdout.write(help_text(arguments))
        return
    register()
    try:
        check_overrides(arguments)
        _run()
    except AlignbenchError as error:
        _refuse(error)


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def _run(cfg: DictConfig) -> None:
    try:
        instantiate(cfg.task).main(cfg)
    except AlignbenchError as error:
        _refuse(error)


def _refuse(error: AlignbenchError) -> None:
    sys.stderr.write(f"\nalignbench: {error}\n")
    raise SystemExit(2)

"""The command line: ``python -m alignbench task=... method=... culture=... model=...``."""

import os
import sys

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from alignbench import plugins
from alignbench.config import OnError, conf_dir, instantiate, register
from alignbench.errors import AlignbenchError, refuse
from alignbench.faults import explained, stoppable
from alignbench.overrides import checked, plugin_folders
from alignbench.progress import say
from alignbench.terminal import guarded
from alignbench.types import check
from alignbench.usage import HEAD, help_text, version_text
from alignbench.words import spelt_out

# What a worker of a sweep leaves behind when it dies is cleared away; no line is due to that.
_QUIET = "ignore::UserWarning:joblib.externals.loky.backend.resource_tracker"


def main() -> None:
    """Entry point.

    Exit code 0 when done, 2 when the input was wrong or the machine cannot do it, 130 after Ctrl-C, 143 after SIGTERM,
    1 for anything else, a failed cell included.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads that spin cost a second process its core
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("PYTHONWARNINGS", _QUIET)
    with guarded(), stoppable():
        _carried_out(spelt_out(sys.argv[1:]))


def _carried_out(arguments: list[str]) -> None:
    if not arguments or "--version" in arguments:
        sys.stdout.write(version_text() if arguments else HEAD)
        return
    try:
        if arguments[:1] == ["new"]:
            from alignbench import scaffold

            scaffold.new(arguments[1:])
            return
        plugins.load(plugin_folders(arguments))
        if {"--help", "-h"} & set(arguments):
            sys.stdout.write(help_text(arguments))
            return
        register()
        if not {"-sc", "--shell-completion"} & set(arguments):  # whose words are no overrides
            sys.argv[1:] = checked(arguments)
        _run()
    except (AlignbenchError, OSError) as error:
        told = explained(error)
        if told is None:
            raise
        refuse(told)


@hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")
def _run(cfg: DictConfig) -> bool:
    """Do the task; of a sweep's cell that fails, keep the reason and say False."""
    from alignbench.sweep.identity import clear, keep

    try:
        _check_mode()
        plugins.load(cfg.plugins)  # a job of a sweep may be another process
        instantiate(cfg.task).main(cfg)
        clear(cfg)
    except Exception as error:
        told = explained(error) or error
        if HydraConfig.get().mode is not RunMode.MULTIRUN:
            if isinstance(told, AlignbenchError):
                refuse(told)
            raise
        say(f"  failed {keep(cfg, error)}\n         {told}")
        if cfg.on_error is OnError.stop:
            raise SystemExit(1) from error
        return False
    return True


def _check_mode() -> None:
    """Hydra runs a single cell here, whatever the launcher.

    Raises:
        AlignbenchError: another launcher is asked for.
    """
    hydra_config = HydraConfig.get()
    launcher = hydra_config.runtime.choices.get("hydra/launcher", "basic")
    alone = hydra_config.mode is RunMode.RUN and launcher != "basic"
    check(not alone, "hydra/launcher", launcher, "it starts the cells of a sweep: add -m, for a single cell as well")

"""One W&B run, opened so that it resumes, keeps to its folder, says nothing of the machine, and gives up in time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alignbench.tracking.knobs import WandbKnobs


@contextmanager
def session(knobs: WandbKnobs, key: str, **facts: Any) -> Iterator[Any]:
    """The run ``key``, new or continued, finished at the end of the block."""
    home = Path(knobs.folder).absolute() / "wandb"
    home.mkdir(parents=True, exist_ok=True)
    for variable, place in {"WANDB_DATA_DIR": "data", "WANDB_CACHE_DIR": "cache", "WANDB_CONFIG_DIR": "config"}.items():
        os.environ.setdefault(variable, str(home / place))  # else artifacts of offline runs wait in the home folder
    import wandb

    run = wandb.init(
        project=knobs.project,
        entity=knobs.entity or None,
        id=key,
        dir=home.parent,
        mode="online" if knobs.online else "offline",
        resume="allow",
        # Silent, patient for ``timeout`` seconds, and without host, code, git, packages and system figures.
        settings=wandb.Settings(
            silent=True,
            console="off",
            init_timeout=knobs.timeout,
            finish_timeout=knobs.timeout,
            finish_timeout_raises=True,
            host="alignbench",
            program="alignbench",
            disable_git=True,
            disable_code=True,
            save_code=False,
            x_disable_meta=True,
            x_disable_stats=True,
            x_disable_machine_info=True,
            x_save_requirements=False,
        ),
        **facts,
    )
    failed = True
    try:
        yield run
        failed = False
    finally:
        run.finish(exit_code=int(failed))

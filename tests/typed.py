"""The command line in this process: what is typed runs without the seconds in which another one imports everything."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hydra.core.global_hydra import GlobalHydra

from alignbench import cli, plugins


def typed(*words: str, cwd: Path) -> CompletedProcess[str]:
    """What ``python -m alignbench`` with ``words`` ends with and prints in ``cwd``; its plugins are gone afterwards."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err), forgotten(patch):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["alignbench", *words])
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return CompletedProcess(words, code, out.getvalue(), err.getvalue())


@contextmanager
def forgotten(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forgets what is loaded inside: the plugins, their modules and places, and Hydra's own state."""
    known = set(sys.modules)
    patch.setattr(plugins, "_loaded", dict(plugins._loaded))
    patch.setattr(sys, "path", list(sys.path))
    patch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    GlobalHydra.instance().clear()
    yield
    folders = {plugin.name for plugin in plugins.loaded()}
    for name in [name for name in sys.modules if name not in known and name.partition(".")[0] in folders]:
        del sys.modules[name]
    GlobalHydra.instance().clear()

"""Weights & Biases: on its server, or in files that ``wandb sync`` sends later."""

import netrc
import os
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from alignbench.component import Positive
from alignbench.tracking import Tracker
from alignbench.tracking.project import ProjectTracking
from alignbench.types import check


class WandbMode(Enum):
    """Where runs go: to the server, to files that ``wandb sync`` sends later, or as ``auto`` decides."""

    auto = "auto"
    online = "online"
    offline = "offline"


@dataclass(frozen=True)
class Wandb(ProjectTracking):
    """What is shown where. Needs ``pip install "alignbench[wandb]"``; an account only for ``online``."""

    # auto: WANDB_MODE if set, else online if an API key is configured, else offline.
    mode: WandbMode = WandbMode.auto
    # Account or team; empty is the default of the account.
    entity: str = ""
    # Seconds to wait for the server at the start and at the end of a run.
    timeout: Positive = 60.0

    @property
    def online(self) -> bool:
        """Whether runs go to the server."""
        if self.mode is WandbMode.auto:
            mode = os.environ.get("WANDB_MODE")
            return mode == "online" if mode else has_key()
        return self.mode is WandbMode.online

    def open(self, reports: Path) -> Tracker:
        """A tracker for the project.

        Raises:
            AlignbenchError: the package is not installed, or ``mode=online`` finds no API key.
        """
        from alignbench.tracking.push import Pusher
        from alignbench.tracking.wandb_runs import WandbRuns

        remedy = 'the package is not installed: pip install "alignbench[wandb]"'
        check(find_spec("wandb") is not None, "tracking", "wandb", remedy)
        remedy = "no API key is configured: run `wandb login`, set WANDB_API_KEY, or choose tracking.mode=offline"
        check(self.mode is not WandbMode.online or has_key(), "tracking.mode", "online", remedy)
        return Pusher(WandbRuns(self), reports)


def has_key() -> bool:
    """Whether an API key is configured, in the environment or by ``wandb login``."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False

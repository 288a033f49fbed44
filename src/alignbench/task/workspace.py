"""``task=workspace``: the saved view of a W&B project."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from omegaconf import DictConfig

from alignbench.config import instantiate
from alignbench.errors import AlignbenchError
from alignbench.progress import say
from alignbench.task import Task
from alignbench.types import check


@dataclass(frozen=True)
class MakeWorkspace(Task):
    """Needs an account; each call makes one view."""

    def main(self, cfg: DictConfig) -> None:
        """Create the view on the server and print its address.

        Raises:
            AlignbenchError: W&B is not chosen or not installed, no account is named, or the server refused.
        """
        from alignbench.tracking.view import workspace
        from alignbench.tracking.wandb import Wandb, WandbMode

        knobs = instantiate(cfg.tracking)
        if not isinstance(knobs, Wandb):
            raise AlignbenchError("tracking", type(knobs).__name__, "choose tracking=wandb")
        knobs.with_knobs(mode=WandbMode.online).open(Path(cfg.reports))
        remedy = 'the package is not installed: pip install "alignbench[wandb]"'
        check(find_spec("wandb_workspaces") is not None, "tracking", "wandb-workspaces", remedy)
        check(bool(knobs.entity), "tracking.entity", "", "name your account or team: tracking.entity=...")
        try:
            view = workspace(knobs).save()
        except Exception as error:  # classes of the client and of its HTTP library
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise AlignbenchError("tracking", "wandb", f"the view was not saved ({reason})") from error
        say(f"view   {view.url}")

"""trackio: the open tracker of Hugging Face, in files of this machine or on a Space."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alignbench.tracking import Tracker
from alignbench.tracking.project import ProjectTracking
from alignbench.types import check


@dataclass(frozen=True)
class Trackio(ProjectTracking):
    """What is shown where. Needs ``pip install "alignbench[trackio]"``; an account only for a Space."""

    # owner/name of a Hugging Face Space that shows the runs; empty keeps them in files here.
    space: str = ""

    def open(self, reports: Path) -> Tracker:
        """A tracker for the project.

        Raises:
            AlignbenchError: the package is not installed.
        """
        from alignbench.tracking.push import Pusher
        from alignbench.tracking.trackio_runs import TrackioRuns

        remedy = 'the package is not installed: pip install "alignbench[trackio]"'
        check(find_spec("trackio") is not None, "tracking", "trackio", remedy)
        return Pusher(TrackioRuns(self), reports)

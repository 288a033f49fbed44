"""What trackers have in common that keep runs in projects: a run per cell, and per group one with the pooled board."""

from dataclasses import dataclass
from enum import Enum

from alignbench.component import Count
from alignbench.tracking import Tracking
from alignbench.types import check


class Upload(Enum):
    """Which trained weights go along as artifacts; ``all`` includes full weights."""

    none = "none"
    lora = "lora"
    all = "all"


@dataclass(frozen=True)
class ProjectTracking(Tracking):
    """Which project, which group, and which files."""

    project: str = "alignbench"
    # Group of the runs; empty is the name of the experiment, else that of the project.
    group: str = ""
    # Folder that gets the tracker's own folder: run files, and the list of what was pushed.
    folder: str = "outputs/reports"
    upload: Upload = Upload.lora
    # Larger artifacts stay at home.
    limit_mib: Count = 500

    def _consistent(self) -> None:
        check(bool(self.project), "tracking.project", self.project, "give the project a name")

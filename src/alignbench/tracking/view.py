"""The saved W&B view of a project, or of one sweep in it: what a reader sees first. Code, so that all get the same."""

from typing import Any

from alignbench.evaluation.catalogue import Placement, of_rows
from alignbench.tracking.wandb import Wandb

NAME = "alignbench"
CURVES = ("train/loss", "train/reward", "train/validation", "train/entropy", "train/option_mass")


def workspace(knobs: Wandb) -> Any:
    """The view as an object of ``wandb-workspaces``; ``save()`` puts it on the server and makes it known by ``url``.

    With ``tracking.group``, the runs of that group alone.
    """
    import wandb_workspaces.reports.v2 as panels
    import wandb_workspaces.workspaces as views

    wide = panels.Layout(w=24, h=10)
    board = [
        panels.WeavePanelSummaryTable(table_name="pooled_board", layout=wide),
        panels.MediaBrowser(title="Culture x method", media_keys=["heat_map"]),
        panels.MediaBrowser(title="Cultural map", media_keys=["cultural_map"]),
    ]
    bars = [
        panels.BarPlot(title=metric.title, metrics=[panels.SummaryMetric(name)], groupby=panels.Config("method"))
        for name, metric in of_rows(Placement.main).items()
    ]
    cost = panels.ScatterPlot(
        title="Is it values or format?", x=panels.SummaryMetric("option_mass"), y=panels.SummaryMetric("score")
    )
    curves = [panels.LinePlot(title=name, x="train/update", y=[name]) for name in CURVES]
    cells = [
        panels.WeavePanelSummaryTable(table_name=name, layout=wide) for name in ("board", "items", "answers", "samples")
    ]
    return views.Workspace(
        entity=knobs.entity,
        project=knobs.project,
        name=f"{NAME}, {knobs.group}" if knobs.group else NAME,
        sections=[
            views.Section(name="Board", panels=board, is_open=True),
            views.Section(name="Methods", panels=[*bars, cost], is_open=True),
            views.Section(name="Training", panels=curves),
            views.Section(name="Cells", panels=cells),
        ],
        runset_settings=views.RunsetSettings(
            filters=[views.Metric("Group") == knobs.group] if knobs.group else [],
            groupby=[views.Metric("Group"), views.Config("method")],
            pinned_columns=[
                *(f"config:{name}.value" for name in ("method", "culture", "model", "seed")),
                *(f"summary:{name}" for name in of_rows(Placement.main)),
            ],
        ),
    )

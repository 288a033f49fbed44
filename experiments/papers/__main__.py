"""Papers against a store: ``python -m experiments.papers [NAME ...] [store=outputs/store]`` writes their pages.

Of each the README of its folder: the source, what was run, ours against theirs, memory and hours on a card, and all
that is otherwise than published. Without names, all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from alignbench.config import register
from alignbench.progress import say
from experiments.papers import means, replication
from experiments.papers.deviations import HERE, NAMES, Paper, axes, config, declared, deviations

_UNDECLARED = "The class of the method declares no steps; the list is of the experiment alone.\n\n"


def main(words: Sequence[str]) -> None:
    """Write the pages of the papers that are named, from a store."""
    register()
    stores = [word.removeprefix("store=") for word in words if word.startswith("store=")]
    names = [word for word in words if not word.startswith("store=")]
    for name in names or NAMES:
        paper = Paper.read(name)
        (HERE / name / "README.md").write_text(page(paper, Path(stores[-1] if stores else "outputs/store")), "utf-8")
        say(f"page   {HERE / name / 'README.md'}")


def page(paper: Paper, store: Path) -> str:
    """The README of a paper."""
    cultures = axes(config(paper.experiment)).get("culture", [])
    rows = replication.published(paper.name)
    ours = replication.table(rows, replication.of_store(store), cultures)
    commands = "\n".join(paper.commands)
    note = "" if declared(paper.name) else _UNDECLARED
    return f"""# {paper.title}

{paper.source}

`python -m experiments.papers {paper.name}` writes this page, from the runs that a store holds:

```
{commands}
```

## Ours and theirs

{paper.measured}

{ours}

Differences have the interval of our figure: theirs comes without one. A mean is over all cultures of the paper, and
"not run" until each of them has been.

## Memory and hours

By the formulas of `task=plan` for one CUDA card, for one culture with its control, where there is one; none of it was
measured on a card. Weights of writers and judges are not in it. Where a training does not fit, the words that make it
fit are named, or "no".

{means.table(paper)}

## Otherwise than published

{note}{deviations(paper)}
"""


if __name__ == "__main__":
    main(sys.argv[1:])

"""The one way from templates to texts: an unknown name is an error, and the kind of the file decides on escaping."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def templates(*folders: Path, trim: bool = True) -> Environment:
    """The templates of some folders, the first that has a name; what is added to it stays there.

    Values are escaped in ``*.html.jinja`` alone. With ``trim``, lines that hold blocks alone leave no trace.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=trim,
        lstrip_blocks=trim,
    )


def rendered(folder: Path, name: str, trim: bool = False, /, **values: object) -> str:
    """The text of ``<name>.jinja``, without blanks around it."""
    return templates(folder, trim=trim).get_template(f"{name}.jinja").render(**values).strip()

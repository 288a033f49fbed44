"""Texts from the templates of a folder: one Jinja environment each, in which an unknown name is an error."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def templates(folder: Path, trim: bool = False) -> Environment:
    """The templates of a folder; with ``trim``, lines that hold blocks alone leave no trace."""
    return Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=trim, lstrip_blocks=trim)


def rendered(folder: Path, name: str, trim: bool = False, /, **values: object) -> str:
    """The text of ``<name>.jinja``, without blanks around it."""
    return templates(folder, trim).get_template(f"{name}.jinja").render(**values).strip()

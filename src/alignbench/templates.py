"""The one way from templates to texts: an unknown name is an error, and the kind of the file decides on escaping."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alignbench.escaping import code, markdown, one_line

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context


@cache
def templates(*folders: Path, trim: bool = True) -> Environment:
    """The templates of some folders, the first that has a name; what is added to it stays there.

    Values are escaped in ``*.html.jinja``, and as :func:`~alignbench.escaping.markdown` in ``*.md.jinja``: there the
    filter ``code`` is for spans of code, ``line`` for a line of a block, ``shell`` for a word of a command, and
    ``tojson`` for YAML and Python. With ``trim``, lines that hold blocks alone leave no trace.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
    from markupsafe import Markup

    @pass_context
    def shown(context: Context, value: Any) -> Any:
        as_words = isinstance(value, str) and not isinstance(value, Markup) and _is(context.name, "md")
        return markdown(value) if as_words else value

    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=lambda name: _is(name, "html"),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=trim,
        lstrip_blocks=trim,
    )
    made.filters["code"] = lambda text: Markup(code(text))
    made.filters["line"] = lambda text: Markup(one_line(text))
    made.filters["shell"] = lambda text: Markup(shlex.quote(one_line(text)))
    return made


def _is(name: str | None, kind: str) -> bool:
    return name is not None and name.endswith(f".{kind}.jinja")


def rendered(folder: Path, name: str, trim: bool = False, /, **values: object) -> str:
    """The text of ``<name>.jinja``, without blanks around it."""
    return templates(folder, trim=trim).get_template(f"{name}.jinja").render(**values).strip()

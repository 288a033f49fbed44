"""Tables of the docs that a command makes: what stands between two marks of a page."""

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def put(table: str, page: str, name: str, command: str) -> None:
    """Write a table between its marks, which name the command that makes it.

    Raises:
        ValueError: the page has no such marks.
    """
    path, begin, end = DOCS / page, f"<!-- {name}: {command} -->", f"<!-- end of {name} -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{path}: no {begin} ... {end}")
    path.write_text(f"{before}{begin}\n{table.strip()}\n{end}{after}", encoding="utf-8")

"""``python .ci/release.py vX.Y.Z``: print that version's part of the changelog, if tag, package and changelog agree."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def version() -> str:
    """The version of the package, without importing it."""
    text = (ROOT / "src" / "alignbench" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)[0]


def parts() -> dict[str, str]:
    """Version, or ``Unreleased``, -> its part of the changelog, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (\S+)[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: part.strip() for name, part in found}


def notes(tag: str) -> str:
    """What is new in the version of ``tag``.

    Raises:
        SystemExit: the tag is not that of the package's version, or the changelog has nothing on it, or more to come.
    """
    known = parts()
    if tag != f"v{version()}":
        raise SystemExit(f"the tag is {tag}, and the package's version {version()}")
    if not known.get(version()):
        raise SystemExit(f"CHANGELOG.md has no part on {version()}")
    if known.get("Unreleased"):
        raise SystemExit(f"CHANGELOG.md has lines under Unreleased: put them under {version()}")
    return known[version()]


if __name__ == "__main__":
    print(notes(sys.argv[1]))

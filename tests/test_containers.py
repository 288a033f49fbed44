"""The two container files name what is there, and install what `make install` installs, in its versions."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = ("Dockerfile", "alignbench.def")
PACKAGE = tomllib.loads((ROOT / "pyproject.toml").read_text())


def text_of(name: str) -> str:
    """The file without comments, continued lines joined."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.strip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ")


def copied(name: str) -> list[str]:
    """What is copied from the repository."""
    text = text_of(name)
    if name == "Dockerfile":
        return [word for words in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for word in words.split()]
    section = re.search(r"^%files\n((?:    .*\n)+)", text, re.MULTILINE)
    assert section
    return [line.split()[0] for line in section[1].splitlines()]


def installed(text: str) -> list[list[str]]:
    """Words of every pip install, without those that change no version."""
    found = re.findall(r"(?:\$\(PIP\)|python -m pip install) ([^&\n]+)", text)
    return [[w for w in shlex.split(words) if w not in ("-e", "--no-cache-dir", "--quiet")] for words in found]


@pytest.mark.parametrize("name", FILES)
def test_everything_that_is_copied_is_there_and_reaches_the_build(name: str) -> None:
    sources = copied(name)
    assert all((ROOT / source).exists() for source in sources)
    assert {f"!{source}" for source in sources} <= set((ROOT / ".dockerignore").read_text().split())
    wheel = PACKAGE["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*(path.split("/")[0] for path in wheel["packages"]), *wheel["force-include"]}
    needed |= {PACKAGE["project"]["readme"], *PACKAGE["project"]["license-files"], "pyproject.toml", "constraints.txt"}
    assert needed | {"requirements"} == set(sources)


def test_both_install_the_same_and_what_the_makefile_installs() -> None:
    makefile = (ROOT / "Makefile").read_text().split("demo: install")[0]
    wanted = installed(makefile)[-5:]
    assert wanted[0] == ["--no-deps", "torch==2.13.0"]
    assert {name: installed(text_of(name)) for name in FILES} == dict.fromkeys(FILES, wanted)


@pytest.mark.parametrize("name", FILES)
def test_python_is_one_that_the_package_takes(name: str) -> None:
    found = re.search(r"python:(\d+)\.(\d+)-slim", text_of(name))
    assert found and PACKAGE["project"]["requires-python"] == f">={found[1]}.{found[2]}"
    assert "python -m alignbench" in text_of(name).replace('", "', " ")

"""Properties that are tried a few times by default and thousands of times by ``make test-inputs``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

QUICK = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)


class Place:
    """The folder in which each case writes its files, one after the other; made by the fixture ``place``."""

    folder = Path()


def long_too(cases: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a property for ``make test-inputs`` alone, with so many cases, new ones each time."""

    def marked(test: Callable[..., None]) -> Callable[..., None]:
        often = settings(
            max_examples=cases, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck)
        )
        return pytest.mark.often(often(test))

    return marked


def both(
    names: dict[str, Any], called: str, few: int, cases: int, /, **drawn: Any
) -> Callable[[Callable[..., None]], None]:
    """Two tests of one property: ``test_<called>`` with a ``few`` fixed cases, and one with new ``cases``.

    Args:
        names: of the module that gets them.
    """

    def made(prop: Callable[..., None]) -> None:
        for ending, wrap in (("", settings(QUICK, max_examples=few)), ("_often", long_too(cases))):

            def test(*args: Any, **values: Any) -> None:
                prop(*args, **values)

            test.__name__ = test.__qualname__ = f"test_{called}{ending}"
            test.__doc__ = prop.__doc__
            test.__module__ = str(names["__name__"])
            names[test.__name__] = wrap(given(**drawn)(test))

    return made


def written(name: str, content: bytes) -> Path:
    path = Place.folder / name
    path.write_bytes(content)
    return path

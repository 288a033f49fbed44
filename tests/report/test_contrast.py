"""Every pair of colours that text and controls use is told apart by people who see less well (WCAG 2.1, level AA)."""

import re

import pytest

from alignbench.report.board import TEMPLATES
from alignbench.report.page import STYLES

_SCHEMES = ("light", "dark", "print")
# Text on ground; the ends of the heat map are its strongest colours.
_TEXT = [(text, ground) for text in ("ink", "muted", "accent", "harm") for ground in ("paper", "soft", "tint")]
_TEXT += [("ink", "up"), ("ink", "down"), ("paper", "ink"), ("mark", "paper"), ("ink", "bar")]
_CONTROLS = [("edge", "paper"), ("accent", "paper"), ("mark", "soft")]


def tokens() -> dict[str, dict[str, str]]:
    """Scheme -> name -> colour: those of a later scheme stand on those of light."""
    found: dict[str, dict[str, str]] = {scheme: {} for scheme in _SCHEMES}
    for sheet in (STYLES / "style.css", TEMPLATES / "overview.css"):
        text = sheet.read_text(encoding="utf-8")
        for start, block in re.findall(r"((?:@media[^{]*\{[^{}]*)?):root \{([^}]*)\}", text):
            scheme = "dark" if "dark" in start else "print" if "print" in start else "light"
            found[scheme] |= dict(re.findall(r"--(\w+): (#\w+)", block))
    return {scheme: {**found["light"], **own} for scheme, own in found.items()}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_text_and_controls_can_be_told_from_their_ground(scheme: str) -> None:
    known = tokens()[scheme]
    weak = {(a, b): round(contrast(known[a], known[b]), 2) for a, b in _TEXT if contrast(known[a], known[b]) < 4.5}
    weak |= {(a, b): round(contrast(known[a], known[b]), 2) for a, b in _CONTROLS if contrast(known[a], known[b]) < 3}
    assert weak == {}

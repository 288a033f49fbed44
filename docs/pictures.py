"""Pictures of the board for the docs, and screens of every kind of page: ``python docs/pictures.py REPORTS``."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
# The page in a frame, so that it may be as narrow as a phone and stand at any of its parts.
FRAME = """<!doctype html><meta charset="utf-8">
<style>body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
<iframe id="page" style="width: {width}px; height: {height}px" src="{page}"></iframe>
<script>
const frame = document.getElementById("page");
frame.onload = () => {{
  const part = frame.contentDocument.querySelector("{part}");
  frame.contentWindow.scrollTo(0, part.getBoundingClientRect().top - 24);
}};
</script>"""


@dataclass(frozen=True)
class Shot:
    """A picture: which part of the page, how large (CSS pixels), light or dark."""

    name: str
    part: str
    width: int
    height: int
    dark: bool = False


# Parts of the board for README and docs.
SHOTS = (
    Shot("board", "header", 1280, 690),
    Shot("board-heat", ".heats", 1100, 420),
    Shot("board-table", "#table", 1280, 860),
    Shot("board-table-dark", "#table", 1280, 860, dark=True),
    Shot("board-gains", ".gains", 1280, 430),
    Shot("board-phone", "#table .group", 360, 720),
)
# Whole screens, to be looked at.
SCREENS = tuple(
    Shot(f"{width}x{height}-{'dark' if dark else 'light'}", "main", width, height, dark)
    for width, height in ((1400, 900), (390, 844))
    for dark in (False, True)
)


def take(shot: Shot, page: Path, picture: Path, folder: Path) -> Path:
    """Photograph one part of the page; 64 colours keep the file small."""
    frame = folder / "frame.html"
    address = page.resolve().as_uri()
    frame.write_text(FRAME.format(page=address, part=shot.part, width=shot.width, height=shot.height))
    # Chromium's window is never narrower than 500 pixels: a phone is cut out below.
    size = f"--window-size={max(shot.width, 500)},{shot.height}"
    scheme = f"--blink-settings=preferredColorScheme={0 if shot.dark else 1}"
    _chromium(folder, scheme, size, f"--screenshot={picture}", frame.as_uri())
    image = Image.open(picture).convert("RGB").crop((0, 0, shot.width, shot.height))
    image.quantize(64, dither=Image.Dither.NONE).save(picture, optimize=True)
    return picture


def _chromium(folder: Path, *words: str) -> None:
    assert CHROMIUM, "no Chromium found: install chromium or google-chrome"
    # The frame may look into the page, as one of the same host may.
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=2000"]
    flags += ["--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}"]
    subprocess.run([CHROMIUM, *flags, *words], check=True, capture_output=True, timeout=120)


def main(reports: Path) -> None:
    """Take every picture of the board; screens and paper of every kind of page go into ``reports/screens``."""
    board, screens = reports / "board.html", reports / "screens"
    pages = {"board": board, "cell": next(reports.glob("*/index.html"), None)}
    pages["answers"] = next(reports.glob("*/view/index.html"), None)
    screens.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        made = [take(shot, board, HERE / f"{shot.name}.png", folder) for shot in SHOTS]
        for name, page in pages.items():
            if page:
                made += [take(shot, page, screens / f"{name}-{shot.name}.png", folder) for shot in SCREENS]
                paper = screens / f"{name}.pdf"
                _chromium(folder, "--no-pdf-header-footer", f"--print-to-pdf={paper}", page.resolve().as_uri())
                made.append(paper)
    for picture in made:
        sys.stdout.write(f"{picture} {picture.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

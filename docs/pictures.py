"""Pictures of the board for README and docs, by ``python docs/pictures.py REPORTS`` (headless Chromium)."""

import html
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
<iframe id="page" style="width: {width}px; height: {height}px" srcdoc="{page}"></iframe>
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


SHOTS = (
    Shot("board", "header", 1280, 690),
    Shot("board-heat", "#heat", 760, 490),
    Shot("board-table", "#table", 1280, 860),
    Shot("board-table-dark", "#table", 1280, 860, dark=True),
    Shot("board-gains", ".gains", 1280, 430),
    Shot("board-phone", "#table .group", 360, 720),
)


def take(shot: Shot, page: str, folder: Path) -> Path:
    """Photograph one part of the page; 64 colours keep the file small."""
    assert CHROMIUM, "no Chromium found: install chromium or google-chrome"
    frame, picture = folder / "frame.html", HERE / f"{shot.name}.png"
    frame.write_text(FRAME.format(page=html.escape(page), part=shot.part, width=shot.width, height=shot.height))
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=2000"]
    # Chromium's window is never narrower than 500 pixels: a phone is cut out below.
    size = f"--window-size={max(shot.width, 500)},{shot.height}"
    scheme = f"--blink-settings=preferredColorScheme={0 if shot.dark else 1}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *flags, scheme, size, profile, f"--screenshot={picture}", frame.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    image = Image.open(picture).convert("RGB").crop((0, 0, shot.width, shot.height))
    image.quantize(64, dither=Image.Dither.NONE).save(picture, optimize=True)
    return picture


def main(reports: Path) -> None:
    """Take every picture."""
    page = (reports / "board.html").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for shot in SHOTS:
            picture = take(shot, page, Path(folder))
            sys.stdout.write(f"{picture} {picture.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

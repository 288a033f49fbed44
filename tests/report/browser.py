"""A page in headless Chromium, driven by a script that stands in the page around it."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)

# Runs first in the page under test: whatever goes wrong there is kept.
_WATCH = """<script>
window.wrong = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  addEventListener(kind, (e) => wrong.push(kind + ": " + (e.message ?? e.reason ?? e.violatedDirective)));
for (const kind of ["error", "warn"]) console[kind] = (...words) => wrong.push(words.join(" "));
</script>"""

_HARNESS = """<!doctype html><meta charset="utf-8">
<iframe id="wide" style="width: 1280px; height: 900px" src="{page}"></iframe>
<iframe id="phone" style="width: 360px; height: 700px" src="{page}{address}"></iframe>
<pre id="out"></pre>
<script>
addEventListener("load", () => {{
  const found = {{}};
  const wide = document.getElementById("wide").contentWindow;
  const phone = document.getElementById("phone").contentWindow;
  try {{ {script} }} catch (e) {{ found.thrown = String(e); }}
  found.wrong = [...wide.wrong, ...phone.wrong];
  document.getElementById("out").textContent = JSON.stringify(found);
}});
</script>"""


def drive(page: Path, script: str, folder: Path, address: str = "") -> dict[str, Any]:
    """Open ``page`` wide and as on a phone; ``script`` (JavaScript) sees both windows and fills ``found``.

    Args:
        address: what stands behind the page's name on the phone, such as ``#culture=Iraq``.
    """
    assert CHROMIUM is not None
    watched = page.read_text(encoding="utf-8").replace("<title>", f"{_WATCH}<title>", 1)
    harness, copy = folder / "harness.html", folder / "page.html"
    copy.write_text(watched, encoding="utf-8")
    harness.write_text(_HARNESS.format(page=copy.name, address=address, script=script), encoding="utf-8")
    # Pages in the same folder may look into each other, as those of one host may.
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    flags.append("--allow-file-access-from-files")
    command = [CHROMIUM, *flags, "--virtual-time-budget=2000", "--dump-dom", harness.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    out = done.stdout.partition('<pre id="out">')[2].partition("</pre>")[0]
    found: dict[str, Any] = json.loads(html.unescape(out))
    return found

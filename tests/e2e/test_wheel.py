"""The wheel carries everything: built here, installed into an empty environment, used from elsewhere."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, alignbench
from hydra import compose, initialize_config_dir
from alignbench.config import conf_dir, instantiate, register
from alignbench.data.bundle import bundled
from alignbench.backend.model import SHIPPED
from alignbench.data.languages import translations
from alignbench.steps.texts import wordings
from alignbench.types import Culture
register()
with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
    cfg = compose("config", overrides=["method=culturerl", "culture=saudi"])
print(json.dumps({
    "package": alignbench.__file__, "conf": str(conf_dir()), "clusters": instantiate(cfg.method).clusters,
    "items": len(bundled("aoi2022").items), "wordings": len(wordings(Culture(country="Iraq"))),
    "nano": (SHIPPED / "model.safetensors").is_file(), "translated": len(translations('ar')),
}))
"""


def test_the_wheel_works_in_an_empty_environment(tmp_path):
    def run(*words, **kwargs):
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, **kwargs)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env"))
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q", str(wheel))
    # The dependencies come from this environment; as a plain path it does not bring its editable install along.
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    found = json.loads(run(str(python), "-c", PROGRAM, env=environment).splitlines()[-1])
    assert Path(found["package"]).is_relative_to(tmp_path)
    assert Path(found["conf"]).is_relative_to(tmp_path)
    assert found["clusters"] == "auto"
    assert found["items"] >= 120
    assert found["wordings"] == 10 and found["nano"] and found["translated"] > 100

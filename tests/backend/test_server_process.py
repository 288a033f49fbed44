"""A server of our own: started on need, shared, gone with its last user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alignbench.backend import adapters
from alignbench.backend.server import Server
from alignbench.errors import AlignbenchError
from alignbench.types import Sampling, chat
from tests.backend.fake_server import MODEL, fake_vllm

_USER = """
import sys
from pathlib import Path
from alignbench.backend.server import Server
from alignbench.types import ModelRef, Sampling, chat
knobs = Server(start=True, command=sys.argv[1], cache=sys.argv[2], extended=False)
engine = knobs.open(ModelRef("tiny", Path(sys.argv[4]), "f1"))
print(engine.generate([chat(sys.argv[3])], Sampling())[0][0], flush=True)
if sys.argv[3] == "fail":
    raise RuntimeError
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path):
    # No tokenizer: processes that only talk to the server start at once.
    knobs = {"command": str(fake_vllm(tmp_path)), "cache": str(tmp_path / "cache"), "extended": False}
    return Server(start=True, start_timeout_s=20.0, **knobs)


def ask(engine, text):
    return engine.generate([chat(text)], Sampling())[0][0].split()


def user(server, text):
    command = [sys.executable, "-c", _USER, server.command, server.cache, text, str(MODEL.path)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def ends(pid):
    """Whether the process is gone within a few seconds."""
    for _ in range(100):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_server_starts_on_need_and_stops_at_close(server):
    engine = server.open(MODEL)
    pid, name = ask(engine, "a")
    assert name == "tiny"
    assert ask(engine, "b")[0] == pid
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
    (state,) = Path(server.cache).glob("started/*/server.json")
    state.unlink()
    assert ask(engine, "a")[0] == pid
    assert not state.exists()  # what is in the cache starts nothing
    assert ask(engine, "c")[0] != pid
    engine.close()


@pytest.mark.long
def test_processes_share_it_and_the_last_one_stops_it_even_when_killed(server):
    other = user(server, "from the other process")
    assert other.stdout is not None
    pid = other.stdout.readline().split()[0]
    engine = server.open(MODEL)
    assert ask(engine, "from here")[0] == pid
    (state,) = Path(server.cache).glob("started/*/server.json")
    assert set(json.loads(state.read_text(encoding="utf-8"))) == {"port", "pid"}
    engine.close()
    os.kill(int(pid), 0)
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert ends(pid)


@pytest.mark.long
def test_an_exception_stops_it(server):
    other = user(server, "fail")
    pid = other.communicate()[0].split()[0]
    assert other.returncode == 1
    assert ends(pid)


def test_a_server_that_dies_leaves_its_last_words(server):
    engine = server.with_knobs(args=("--die",)).open(MODEL)
    with pytest.raises(AlignbenchError, match="no memory for the weights"):
        ask(engine, "a")


def test_adapters_are_loaded_once_and_named_by_content(server, tmp_path, monkeypatch):
    monkeypatch.setattr(adapters, "verify", lambda adapter, model: None)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text('{"r": 8}', encoding="utf-8")
        (tmp_path / name / "adapter_model.safetensors").write_text(name, encoding="utf-8")
    engine = server.open(MODEL)
    names = [
        engine.generate([chat(text)], Sampling(), tmp_path / adapter)[0][0].split()[1]
        for text, adapter in (("a", "one"), ("b", "one"), ("a", "two"))
    ]
    engine.close()
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("tiny-lora-")
    with pytest.raises(AlignbenchError, match="rank 8"):
        server.with_knobs(max_lora_rank=4).open(MODEL).generate([chat("a")], Sampling(), tmp_path / "one")


def test_a_missing_vllm_names_the_extra():
    with pytest.raises(AlignbenchError, match=r"alignbench\[vllm\]"):
        Server(start=True, command="no-such-vllm").open(MODEL)

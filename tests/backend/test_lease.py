"""The lease over cards, with cards that are only names."""

import os
import subprocess
import sys

import pytest

from alignbench.backend import lease
from alignbench.errors import AlignbenchError

CARDS = {"0": "GPU-a", "1": "GPU-b"}
HOLDER = """
import sys, time
from pathlib import Path
from alignbench.backend.lease import claim
print(*claim(1, {"0": "GPU-a", "1": "GPU-b"}, Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(lease, "_HELD", {})
    monkeypatch.setattr(lease, "_PAUSE", 0.02)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.delenv("LOCAL_RANK", raising=False)


def test_two_processes_get_two_cards_and_a_killed_one_gives_its_back(tmp_path, capsys):
    other = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline().strip() == "0"
    assert lease.claim(1, CARDS, tmp_path) == ("1",)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
    assert lease.claim(1, CARDS, tmp_path) == ("1",)

    third = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert "other processes hold them" in third.stdout.readline()
    other.kill()
    other.wait()
    assert third.stdout.readline().strip() == "0"
    third.kill()
    third.wait()


def test_several_cards_are_taken_together_or_not_at_all(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline().strip() == "0"
    assert not lease._take(2, CARDS, tmp_path) and not lease._HELD
    assert lease._take(1, CARDS, tmp_path), "the card that was free must be free again"
    other.kill()
    other.wait()


def test_what_can_not_be_had_is_refused(tmp_path):
    with pytest.raises(AlignbenchError, match="2 visible"):
        lease.claim(3, CARDS, tmp_path)
    lease.claim(1, CARDS, tmp_path)
    with pytest.raises(AlignbenchError, match="on their own"):
        lease.claim(2, CARDS, tmp_path)


def test_without_cards_or_among_ranks_nothing_is_claimed(tmp_path, monkeypatch):
    assert lease.claim(1, {}, tmp_path) == () == lease.claim(0, CARDS, tmp_path)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert lease.claim(1, CARDS, tmp_path) == ()


def test_hidden_cards_are_left_alone_and_a_job_knows_its_card_by_its_uuid(monkeypatch):
    monkeypatch.setattr(lease, "_uuids", lambda: ["GPU-a", "GPU-b"])
    assert lease.visible() == CARDS
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert lease.visible() == {"1": "GPU-b"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-b")
    assert lease.visible() == {"GPU-b": "GPU-b"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert lease.visible() == {}

"""Two cells at once, one ``vllm serve`` of our own between them; ``ALIGNBENCH_VLLM`` names the vllm to start."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

VLLM = os.environ.get("ALIGNBENCH_VLLM", "")
pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not VLLM, reason="ALIGNBENCH_VLLM is not set")]

CELL = """
    method=cnca_incontext model=nano control=false ~method@baselines.cultural_prompt scoring.bootstrap=50
    author=llm author.max_new_tokens=12 generator@author.generator=other
    model@author.generator.model=blank backend@author.generator.backend=server
    author.generator.backend.start=true author.generator.backend.max_lora_rank=0
    author.generator.backend.args=['--enforce-eager','--max-model-len','1024']
""".split()


def start(culture, folder, vllm):
    own = (f"culture={culture}", f"author.generator.backend.command={vllm}", f"author.generator.backend.cache={folder}")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    words = [sys.executable, "-m", "alignbench", *CELL, *own]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=folder, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=environment)


def test_two_cells_started_together_share_one_server(tmp_path):
    starts = tmp_path / "starts"
    counted = tmp_path / "counted_vllm"
    counted.write_text(f'#!/bin/sh\necho started >> {starts}\nexec {VLLM} "$@"\n', encoding="utf-8")
    counted.chmod(0o755)
    cells = [start(culture, tmp_path, counted) for culture in ("iraq", "china")]
    for cell in cells:
        said = cell.communicate(timeout=540)[0]
        assert cell.returncode == 0, said
        assert "Norms were written by blank" in " ".join(said.split())
    assert starts.read_text(encoding="utf-8").splitlines() == ["started"]
    assert len(list(tmp_path.glob("outputs/store/mine/*/manifest.json"))) == 2

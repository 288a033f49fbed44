"""Which device a model runs on."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from math import inf
from pathlib import Path

from alignbench.types import check


def has_cuda() -> bool:
    """Whether torch will find a CUDA device, asked of the driver because importing torch takes seconds."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1") or metadata.version("torch").endswith("+cpu"):
        return False
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    count = ctypes.c_uint()
    return nvml.nvmlInit_v2() == 0 and nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0 and count.value > 0


def quick_bfloat16() -> bool:
    """Whether bfloat16 arithmetic is quicker than float32 here: on CUDA, and on CPUs with AMX tiles (Linux tells).

    Vector instructions for bfloat16 alone (AVX512-BF16) are no gain: half the speed of float32 where it was measured
    (``experiments/bench/arithmetic.py``).
    """
    if has_cuda():
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "amx_bf16" in flags


def has_nf4() -> bool:
    """Whether weights can be held in four bits here: bitsandbytes on a CUDA device."""
    return has_cuda() and find_spec("bitsandbytes") is not None


def free_memory(device: str) -> float:
    """Bytes that can still be had on a device; infinite on a CPU whose system does not tell (only Linux does)."""
    if device != "cpu":
        import torch

        return float(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return inf
    available = next(line for line in lines if line.startswith("MemAvailable"))
    return 1024 * float(available.split()[1])


@dataclass(frozen=True)
class Room:
    """Where models run: on a CUDA device or a CPU, and how many bytes are free there."""

    cuda: bool
    free: float

    @classmethod
    def here(cls) -> Room:
        """This machine, as it stands."""
        cuda = has_cuda()
        return cls(cuda, free_memory("cuda" if cuda else "cpu"))

    def __str__(self) -> str:
        return f"{self.free / 2**30:.1f} GiB {'of a card' if self.cuda else 'of memory'}"


def device_of(device: str) -> str:
    """``device`` made definite: ``auto`` is the first CUDA device, or the CPU.

    Raises:
        AlignbenchError: CUDA is asked for and there is none, or the name is unknown.
    """
    known = device in ("auto", "cpu", "cuda") or device.startswith("cuda:")
    check(known, "backend.device", device, "choose auto, cpu, cuda or cuda:0")
    if device == "auto":
        return "cuda" if has_cuda() else "cpu"
    check(device == "cpu" or has_cuda(), "backend.device", device, "no CUDA device here: use auto or cpu")
    return device

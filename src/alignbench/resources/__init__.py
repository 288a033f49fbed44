"""Bundled survey figures, our wording of the items, and the build that wrote the figures."""

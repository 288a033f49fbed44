"""Norms: what a culture's majority holds, mined from survey shares and clustered by theme."""

from alignbench.norms.cluster import Clustering
from alignbench.norms.pool import NormPool, build_pool

__all__ = ["Clustering", "NormPool", "build_pool"]

"""Trainers: rows in, adapter folder out."""

from alignbench.training.recipe import Training

__all__ = ["Training"]

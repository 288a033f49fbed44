"""The pages of papers, written from their experiments and a store: ``python -m experiments.papers``."""

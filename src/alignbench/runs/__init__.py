"""Runs: a cell from its config, compared with its baselines and its control, and described."""

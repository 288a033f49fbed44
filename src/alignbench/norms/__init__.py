"""Norms: what a culture's majority holds, mined from survey shares and clustered by theme."""

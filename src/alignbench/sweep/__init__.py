"""Sweeps: many cells, composed once, left out where done, with one summary at the end."""

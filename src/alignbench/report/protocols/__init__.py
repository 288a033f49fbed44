"""Protocols side by side: records of cells in, one table, the map and the specificity matrix out."""

"""Bundled survey figures, our wording of the items, the scenarios, the planted world and the nano model."""

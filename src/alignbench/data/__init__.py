"""Surveys, cultures, splits and schema checks. Pandas; no torch."""

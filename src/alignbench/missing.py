"""The one rule for a number that is not there: NaN in arrays, None in rows and records, null in JSON."""

import math


def known(value: float | None) -> float | None:
    """``value``, or None where it is NaN or infinite: there is no number to write, test or show."""
    return None if value is None or not math.isfinite(value) else value

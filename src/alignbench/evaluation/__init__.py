"""Evaluation: how a model is asked, how its answers are scored, and how sure the score is.

Reads top to bottom as ``ask`` (item to prompt), ``survey`` (responses), ``metrics``, ``score``
(per item), ``statistics`` (intervals and tests) and ``board`` (the table). Knows nothing of the
method that made the model.
"""

"""Measures of the field: the scores that other papers report, each by its right formula.

Conventions of every module:

* A measure of items returns one value per item, so that :mod:`alignbench.evaluation.statistics` can give it an
  interval; its benchmark score is the mean. A measure that no mean of items gives returns a float.
* A refused or unparsable answer is NaN among numbers, ``inputs.REFUSED`` among option indices and None among
  labels. Each function says what it scores.
* What a measure cannot take raises :class:`alignbench.errors.AlignbenchError`: an empty input, shapes that do not fit,
  shares that are no distribution, a code off its scale, an index that names no option, too few people or countries, a
  dimension that does not vary.
* Where published code computes something else, an argument named for the difference repeats it; the default is
  the right formula.
* Jensen-Shannon, Wasserstein and entropy are in :mod:`alignbench.evaluation.metrics`.
"""

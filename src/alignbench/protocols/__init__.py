"""Published protocols of scoring a model against a country's survey, side by side from one pass of responses.

``recipe`` holds the knobs; ``interviews`` asks a model in the place of people, and ``measure`` scores a cell from its
answers. ``figure`` says whose answers are scored (models and the sanity rows), ``shares`` has the protocols of answers
pooled, ``persons`` those that compare each answer with the person's own, ``chart`` the cultural map, ``specificity``
every culture's model against every culture's survey. ``record`` is what a cell hands on; ``table`` and ``atlas`` show
what all cells of a store give together. The formulas are in :mod:`alignbench.evaluation.measures`.
"""

"""Published protocols of scoring a model against a country's survey, side by side from one table of responses.

``sides`` says whose answers are scored (models and the sanity rows), ``national`` has the protocols of a country's
shares, ``crowd`` those of interviewed people together, ``persons`` those that compare each answer with the person's
own, ``chart`` the cultural map, ``specificity`` every culture's model against every culture's survey. The measures
themselves are those of :mod:`alignbench.evaluation.measures`.
"""

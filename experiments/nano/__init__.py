"""How ``model=nano`` comes about: a corpus from the planted world, a tokenizer, a training loop, a card.

Reads top to bottom as ``corpus`` (documents), ``tokenizer``, ``batches``, ``train`` and ``card`` (what the
finished model does).
"""

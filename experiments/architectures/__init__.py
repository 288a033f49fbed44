"""Many architectures, tiny and random, through our engine and trainer and through plain transformers."""

"""The store of content-addressed stages: what a stage is, what came of it, and how it is found or built once."""

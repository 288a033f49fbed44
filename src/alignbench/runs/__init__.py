"""Content-addressed stages: keys, store, manifests, resume."""

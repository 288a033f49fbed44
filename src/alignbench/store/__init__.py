"""The store of content-addressed stages: keys, manifests, and stages that resume."""

"""The culture's clearest norms, repeated to the model."""

"""Steps that methods share: stages of their chains, and what these are made of."""

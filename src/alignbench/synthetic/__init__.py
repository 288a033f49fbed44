"""Data made by models: what was kept, what was dropped and why, and the folder that others can load."""

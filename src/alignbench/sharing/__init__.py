"""A finished cell as a folder that others can load: weights or prompts, and a card made of the record."""

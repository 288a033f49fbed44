"""What runs write and all others read: the records of finished stages, and the one reader of the store."""

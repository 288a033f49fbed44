"""Chat templates of the families in use, written here in their published shapes, and what is found in them."""

"""Names every action once, with its keys and its help."""

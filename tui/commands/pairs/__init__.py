"""Holds the commands that show key pairs: `list` and `show`."""

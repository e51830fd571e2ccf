"""Holds the screens that find, check and pick."""

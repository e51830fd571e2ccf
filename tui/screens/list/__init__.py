"""Holds the list of key pairs, the first screen."""

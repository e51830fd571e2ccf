"""Runs what takes time while the screen stays alive, one thing at a time."""

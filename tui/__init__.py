"""Runs the terminal application over `core`."""

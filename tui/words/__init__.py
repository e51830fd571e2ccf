"""Puts into words what the core answers, the same for screens and commands."""

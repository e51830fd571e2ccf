"""Puts into words what several rooms say."""

"""Tells whose key something is, and what is wrong with the pairs and their files."""

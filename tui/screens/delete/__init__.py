"""Holds the question before key pairs are deleted, and their deletion."""

"""Holds the forms that make a key pair."""

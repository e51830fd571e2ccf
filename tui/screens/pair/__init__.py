"""Holds the screens about key pairs that exist."""

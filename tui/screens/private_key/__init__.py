"""Holds the screens of a private key that was just created."""

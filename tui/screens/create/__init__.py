"""The forms that make a key pair."""

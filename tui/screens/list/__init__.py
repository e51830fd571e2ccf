"""The list of key pairs, the first screen."""

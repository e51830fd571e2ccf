"""The terminal application over `core`."""

"""Writes files whole or not at all, and judges where a file may be written."""

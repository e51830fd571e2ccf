"""Holds everything that leans on private parts of Textual, or on the terminal itself."""

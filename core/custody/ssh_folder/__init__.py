"""Adds to the files in ~/.ssh that other programs read and write as well."""

"""Keeps one Region on disk: the only modules that know TinyDB."""

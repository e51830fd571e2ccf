"""Reads keys in files that other programs wrote, with care."""

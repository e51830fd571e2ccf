"""Holds what the workbenches share: a table of groups, and a pane about its row."""

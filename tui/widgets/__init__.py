"""Holds the widgets that several screens share; none of them knows a screen."""

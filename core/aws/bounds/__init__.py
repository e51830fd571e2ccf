"""Holds what others send within bounds: the answers of hosts, and what a program prints."""

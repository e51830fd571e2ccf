"""Answers EC2's operations on this machine: the Region's file is the truth."""

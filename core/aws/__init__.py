"""Asks EC2 itself, through botocore: the only modules that know it."""

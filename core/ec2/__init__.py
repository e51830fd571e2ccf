"""Applies EC2's rules, whoever keeps the pairs: validity, filters, permissions."""

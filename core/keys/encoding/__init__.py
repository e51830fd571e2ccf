"""Encodes and decodes what key files are made of: PEM armour, DER, SSH's wire format."""

"""The screens about key pairs that exist."""

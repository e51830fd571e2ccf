"""The screens that find, check and pick."""

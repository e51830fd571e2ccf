"""The filter above the list of key pairs."""

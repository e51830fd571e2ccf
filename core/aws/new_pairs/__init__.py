"""Makes key pairs in EC2, and finds out what became of one where an answer was lost."""

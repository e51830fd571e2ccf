"""Creates and keeps key pairs as Amazon EC2 does: no terminal, no asyncio, no printing."""

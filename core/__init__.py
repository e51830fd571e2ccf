"""Key pairs with Amazon EC2's semantics: no terminal, no asyncio, no printing."""

"""Looks after keys once they exist: saves and proves them, hands them to agents and hosts."""

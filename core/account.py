"""Tells whose account this runs under, as the system knows it."""

import os
import pwd


def user() -> str:
    """Return the login name of the account, whatever the environment says; its number if none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())

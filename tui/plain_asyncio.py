"""Imports asyncio without TLS: the app asks nobody by it.

Where Python has no TLS, asyncio goes on without. To have it so saves every start 28 million
instructions, a hundredth of a second, and every session 1 MB. Who asks EC2 imports `ssl` itself.
"""

import sys

_IS_FIRST = "asyncio" not in sys.modules and "ssl" not in sys.modules

if _IS_FIRST:
    sys.modules["ssl"] = None  # type: ignore[assignment]  # what Python takes for a module it lacks
try:
    import asyncio
finally:
    if _IS_FIRST:
        del sys.modules["ssl"]

__all__ = ["asyncio"]

"""Calls what may block for a minute in a thread of its own.

The threads that `asyncio.to_thread` shares out are few, and the judging of what is typed needs
them: they are not for what waits for a network.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_Result = TypeVar("_Result")


async def in_own_thread(call: Callable[[], _Result]) -> _Result:
    """Return what a call returns, or raise what it raises; where this is left, it goes on alone."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def settle(result: _Result | None, error: BaseException | None) -> None:
        if future.done():  # nobody waits for it any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # it is what the call returned

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as failure:  # noqa: BLE001 - it is raised where it is waited for
            error = failure
        with suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await future

"""Calls what may block for a minute in a thread of its own.

The threads that `asyncio.to_thread` shares out are few, and the judging of what is typed needs
them: they are not for what waits for a network.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from core.errors import KeyPairsError

_Result = TypeVar("_Result")


class Unforeseen(KeyPairsError):
    """A call failed as nobody expected; the error's own text is left out: it may quote anything."""

    def __init__(self, failure: BaseException) -> None:
        super().__init__(f"Something unforeseen went wrong here ({type(failure).__name__}).")


async def in_own_thread(call: Callable[[], _Result]) -> _Result:
    """Return what a call returns; where this is left, it goes on alone.

    Raises:
        KeyPairsError: what the call raised.
        Unforeseen: the call raised anything else; what was asked can be asked again.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_Result] = loop.create_future()

    def settle(result: _Result | None, error: KeyPairsError | None) -> None:
        if future.done():  # nobody waits for it any more
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # it is what the call returned

    def run() -> None:
        result: _Result | None = None
        error: KeyPairsError | None = None
        try:
            result = call()
        except KeyPairsError as failure:
            error = failure
        except BaseException as failure:  # noqa: BLE001 - it is raised where it is waited for
            error = Unforeseen(failure)
        with suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await future

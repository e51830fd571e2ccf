"""Makes an RSA key before it is asked for.

Making one takes 50 ms in the median and a few hundred at worst, typing a name takes seconds. So
one is made in a thread while the person types, and is there when they press Enter. It is never
written, and there is never more than one: what is in hand or on its way is not made again.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.keys.keygen import PrivateKey


class SpareKey:
    """One private key made ahead, or none; may be used from several threads.

    OpenSSL overwrites the numbers of a key when the last reference to it goes.

    Args:
        make: makes a key, or returns None where none may be made.
    """

    def __init__(self, make: "Callable[[], PrivateKey | None]") -> None:
        self._make_one = make
        self._lock = threading.Lock()
        self._coming: Future[PrivateKey | None] | None = None
        self._wanted = False

    def prepare(self) -> None:
        """Have a key made in a thread, unless one is in hand or on its way; returns at once.

        The program may end before the thread does.
        """
        with self._lock:
            self._wanted = True
            if self._coming is None:
                coming: Future[PrivateKey | None] = Future()
                thread = threading.Thread(
                    target=self._make, args=(coming,), name="spare-key", daemon=True
                )
                # Where there can be no more threads, the key is made when it is asked for.
                with suppress(RuntimeError):
                    thread.start()
                    self._coming = coming

    def _make(self, coming: "Future[PrivateKey | None]") -> None:
        try:
            coming.set_result(self._make_one())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that takes the key
            coming.set_exception(error)
        with self._lock:
            if self._coming is coming and not self._wanted:
                self._coming = None

    def take(self) -> "PrivateKey | None":
        """Return the key, waiting for one that is on its way, or None if there is none.

        Waiting is right: what was begun earlier is likely done earlier than what is begun now.
        Whatever went wrong while it was made is raised here.
        """
        with self._lock:
            coming, self._coming = self._coming, None
        return None if coming is None else coming.result()

    def drop(self) -> None:
        """Forget the key; one that is on its way is forgotten when it is made."""
        with self._lock:
            self._wanted = False
            if self._coming is not None and self._coming.done():
                self._coming = None

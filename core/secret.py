"""Holds what must not be seen: private key material, and passphrases."""

from typing import NoReturn

from core.errors import KeyPairsError


class KeyMaterialGone(KeyPairsError):
    """The private key was asked for after it had been dropped."""

    def __init__(self) -> None:
        super().__init__("The private key is no longer in memory.")


class PassphraseGone(KeyPairsError):
    """A passphrase was asked for after it had been dropped."""

    def __init__(self) -> None:
        super().__init__("The passphrase is no longer in memory.")


class _Secret:
    """Bytes that show themselves only when asked by name.

    Everything that copies or prints a value by accident gets a constant or a TypeError: `repr`,
    `str`, `format`, pickling, copying. Two holders are equal only if they are the same object, so
    no comparison can test a guess.

    The bytes sit in a buffer that `wipe()` overwrites. That is hygiene, not a promise: Python
    copies strings freely, and whoever asks for the bytes gets a copy.
    """

    __slots__ = ("__weakref__", "_buffer")

    _GONE: type[KeyPairsError]

    def __init__(self, secret: bytes) -> None:
        self._buffer: bytearray | None = bytearray(secret)

    def encode(self) -> bytes:
        """Return the secret as bytes.

        Raises:
            KeyPairsError: it was wiped.
        """
        if self._buffer is None:
            raise self._GONE
        return bytes(self._buffer)

    def wipe(self) -> None:
        """Overwrite the buffer and forget it; harmless when done twice."""
        if self._buffer is not None:
            self._buffer[:] = bytes(len(self._buffer))
            self._buffer = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither copied nor pickled")


class KeyMaterial(_Secret):
    """A private key as text, or as the bytes of a file: `reveal()` and `encode()`."""

    __slots__ = ("_size",)

    _GONE = KeyMaterialGone

    def __init__(self, material: bytes) -> None:
        super().__init__(material)
        self._size = len(material)

    def reveal(self) -> str:
        """Return the material as text.

        Raises:
            KeyMaterialGone: it was wiped.
        """
        return self.encode().decode()

    @property
    def size(self) -> int:
        """The length in bytes, known also after `wipe()`."""
        return self._size


class Passphrase(_Secret):
    """What a private key file is encrypted with, as UTF-8: `encode()`.

    Raises:
        ValueError: it can be no passphrase; `core.keys.passphrase.problem` says why.
    """

    __slots__ = ()

    _GONE = PassphraseGone

    def __init__(self, text: str) -> None:
        # Imported here: its patterns take time that a start without a passphrase does not have.
        from core.keys import passphrase

        reason = passphrase.problem(text)
        if reason is not None:
            raise ValueError(f"no passphrase: {reason}")
        super().__init__(text.encode())

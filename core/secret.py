"""The one holder of private key material."""

from typing import NoReturn

from core.errors import KeyPairsError


class KeyMaterialGone(KeyPairsError):
    """The private key was asked for after it had been dropped."""

    def __init__(self) -> None:
        super().__init__("The private key is no longer in memory.")


class KeyMaterial:
    """A private key as text, which shows itself only when asked by name.

    `reveal()` and `encode()` are the only ways out. Everything that copies or prints a value by
    accident gets a constant or a TypeError: `repr`, `str`, `format`, pickling, copying. Two
    holders are equal only if they are the same object, so no comparison can test a guess.

    The bytes sit in a buffer that `wipe()` overwrites. That is hygiene, not a promise: Python
    copies strings freely, and `reveal()` returns one.
    """

    __slots__ = ("__weakref__", "_buffer", "_size")

    def __init__(self, material: bytes) -> None:
        self._buffer: bytearray | None = bytearray(material)
        self._size = len(material)

    def reveal(self) -> str:
        """Return the material as text.

        Raises:
            KeyMaterialGone: it was wiped.
        """
        return self.encode().decode()

    def encode(self) -> bytes:
        """Return the material as the bytes of a file.

        Raises:
            KeyMaterialGone: it was wiped.
        """
        if self._buffer is None:
            raise KeyMaterialGone
        return bytes(self._buffer)

    def wipe(self) -> None:
        """Overwrite the buffer and forget it; harmless when done twice."""
        if self._buffer is not None:
            self._buffer[:] = bytes(len(self._buffer))
            self._buffer = None

    @property
    def size(self) -> int:
        """The length in bytes, known also after `wipe()`."""
        return self._size

    def __repr__(self) -> str:
        return "<KeyMaterial>"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __copy__(self) -> NoReturn:
        raise TypeError("private key material is not copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("private key material is not copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("private key material is not pickled")

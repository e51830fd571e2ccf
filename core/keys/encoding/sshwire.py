"""Reads and writes SSH's wire format: `string` and `mpint` of RFC 4251 section 5."""


class WireError(ValueError):
    """Bytes that are not the wire format they claim to be."""


def string(data: bytes) -> bytes:
    """Return `data` behind its length, four bytes big-endian."""
    return len(data).to_bytes(4, "big") + data


def mpint(value: int) -> bytes:
    """Return a non-negative integer as `mpint`: big-endian, with a zero byte before a set top bit.

    Raises:
        ValueError: the value is negative; no key has such a number.
    """
    if value < 0:
        raise ValueError("an mpint of a key is never negative")
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


class Reader:
    """Reads fields from the front of a buffer and insists that each one is whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def string(self) -> bytes:
        """Return the next `string`.

        Raises:
            WireError: the length reaches past the end, or there is no length.
        """
        start = self._position + 4
        if start > len(self._data):
            raise WireError("a length is cut off")
        end = start + int.from_bytes(self._data[self._position : start], "big")
        if end > len(self._data):
            raise WireError("a field is longer than what is left")
        self._position = end
        return self._data[start:end]

    def uint32(self) -> int:
        """Return the next `uint32`.

        Raises:
            WireError: it is cut off.
        """
        start = self._position
        if start + 4 > len(self._data):
            raise WireError("a number is cut off")
        self._position = start + 4
        return int.from_bytes(self._data[start : self._position], "big")

    def mpint(self) -> int:
        """Return the next `mpint`, which must be positive and in its shortest form.

        Raises:
            WireError: it is zero, negative, padded or cut off.
        """
        data = self.string()
        value = int.from_bytes(data, "big", signed=True)
        if value <= 0:
            raise WireError("a number is not positive")
        if mpint(value)[4:] != data:
            raise WireError("a number is padded")
        return value

    def skip(self, count: int) -> None:
        """Go past so many bytes.

        Raises:
            WireError: there are fewer.
        """
        if self._position + count > len(self._data):
            raise WireError("a number is cut off")
        self._position += count

    def rest(self) -> bytes:
        """Return what has not been read, without reading it."""
        return self._data[self._position :]

    def end(self) -> None:
        """Insist that everything was read.

        Raises:
            WireError: something follows the last field.
        """
        if self.rest():
            raise WireError("something follows the last field")

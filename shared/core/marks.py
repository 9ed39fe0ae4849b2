"""A set of texts of which one only asks whether a text is in it: bounded memory, however many are put in.

A Bloom filter. It may take a stranger for a member, never a member for a stranger: what is swept by it may stay for
once although nobody needs it, and nothing goes that somebody does.
"""

import hashlib
import zlib
from typing import Self

SIZE_BYTES = 1 << 21
_BITS = SIZE_BYTES * 8
_PROBES = 4
_PROBE_BYTES = 8


class Marks:
    """The set.

    Args:
        salt: Other strangers are taken for members under another salt, so that nothing stays for good.
        data: The bits; none is set where they are left out.
    """

    def __init__(self, salt: str, data: bytes | None = None) -> None:
        self._salt = salt.encode()[: hashlib.blake2b.SALT_SIZE]
        self._bits = bytearray(SIZE_BYTES) if data is None else bytearray(data)

    @classmethod
    def load(cls, salt: str, data: bytes) -> Self:
        """The set that `dump` wrote.

        Raises:
            ValueError: The bytes are none.
        """
        try:
            bits = zlib.decompress(data)
        except zlib.error as error:
            raise ValueError(f"The bytes are no set of marks: {error}.") from error
        if len(bits) != SIZE_BYTES:
            raise ValueError(f"A set of marks has {SIZE_BYTES} bytes, not {len(bits)}.")
        return cls(salt, bits)

    def dump(self) -> bytes:
        """The set as bytes: most sets are nearly empty, so they are compressed."""
        return zlib.compress(self._bits, zlib.Z_BEST_SPEED)

    def add(self, text: str) -> None:
        """Put a text in."""
        for bit in self._probes(text):
            self._bits[bit >> 3] |= 1 << (bit & 7)

    def __contains__(self, text: str) -> bool:
        """Whether the text was put in (or looks like it)."""
        return all(self._bits[bit >> 3] & (1 << (bit & 7)) for bit in self._probes(text))

    def _probes(self, text: str) -> list[int]:
        digest = hashlib.blake2b(text.encode(), digest_size=_PROBES * _PROBE_BYTES, salt=self._salt).digest()
        return [
            int.from_bytes(digest[start : start + _PROBE_BYTES]) % _BITS
            for start in range(0, len(digest), _PROBE_BYTES)
        ]

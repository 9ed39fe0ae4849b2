"""Character encodings by v1's names for them."""

import codecs

from pipeyard.exceptions import UserErrorException

V1_NAMES = {"utf8bom": "utf-8-sig", "iso88591": "iso-8859-1", "windows1252": "cp1252", "utf8": "utf-8"}
PLAIN = frozenset({"utf-8", "utf-8-sig", "ascii"})
"""Read as they are: ASCII is UTF-8, and the reader skips a byte order mark by itself."""


def check_encoding(encoding: str) -> str:
    """The same name, once it is known to be one.

    Raises:
        UserErrorException: It is none.
    """
    codec_of(encoding)
    return encoding


def codec_of(encoding: str) -> str:
    """Python's name of an encoding.

    Raises:
        UserErrorException: There is none of this name.
    """
    try:
        return codecs.lookup(V1_NAMES.get(encoding, encoding)).name
    except LookupError:
        raise UserErrorException(
            f"{encoding!r} is no encoding. Use utf8, utf8bom, ascii, latin1, iso88591, windows1252, utf16 or utf32."
        ) from None

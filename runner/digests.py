"""MD5 as storage wants it, on systems that forbid it for signatures and on Pythons that do not know the difference."""

from __future__ import annotations

import hashlib
import sys
from typing import Any


def md5(data: bytes = b"") -> Any:
    """An MD5 under way."""
    if sys.version_info < (3, 9):  # noqa: UP036 - images of jobs may have such a Python
        return hashlib.md5(data)  # noqa: S324 - not for security, which this Python cannot be told
    return hashlib.md5(data, usedforsecurity=False)

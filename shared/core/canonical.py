"""Canonical JSON and tagged digests: equal values give equal bytes on every machine, and nothing else does.

Numbers and constants keep JSON's own spelling, so `1`, `1.0` and `true` are three different ingredients of a key.
What JSON cannot hold is an error: a stand-in would make different things look equal.
"""

import hashlib
import json


def canonical_json(value: object) -> bytes:
    """The one spelling of a value: keys sorted by code point, no spaces, UTF-8.

    Raises:
        TypeError: Something in the value, a key included, has no place in JSON.
        ValueError: A number is NaN or infinite, a string is not valid Unicode, or the nesting is circular or too deep.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    except RecursionError as error:
        raise ValueError("The value is nested too deeply for canonical JSON.") from error
    _refuse_foreign_keys(value)
    return text.encode()


def digest(tag: str, value: object) -> str:
    """SHA-256 in hex of a value under a tag, which keeps digests of different sorts of things apart.

    Raises:
        TypeError: See `canonical_json`.
        ValueError: See `canonical_json`.
    """
    return hashlib.sha256(canonical_json([tag, value])).hexdigest()


def _refuse_foreign_keys(value: object) -> None:
    # json.dumps would quietly write the key 1 as "1". It has proven by now that the value is finite.
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    raise TypeError(f"Keys must be strings in canonical JSON, not {type(key).__name__}.")
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)

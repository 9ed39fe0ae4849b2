"""Identifiers that sort newest first."""

from datetime import datetime

_MILLISECONDS = (1 << 48) - 1
_RANDOM_BITS = 74


def newest_first_id(now: datetime, random: int) -> str:
    """A GUID that sorts before every one made earlier, so that a list by key is a list newest first.

    It is RFC 9562's version 8 (the layout is ours): 48 bits of milliseconds counted down, then random ones.

    Args:
        now: The time, aware.
        random: At least 74 random bits.
    """
    left = _MILLISECONDS - int(now.timestamp() * 1000)
    random &= (1 << _RANDOM_BITS) - 1
    high, low = random >> 62, random & ((1 << 62) - 1)
    digits = f"{(left << 80) | (0x8 << 76) | (high << 64) | (0b10 << 62) | low:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

"""Paths with `*`, `**` and `?`: which files of a datastore one stands for, and which listing finds them all.

`*` stands for any characters but `/`, `?` for one of them, `**` as a whole folder name for any number of folders.
"""

import re

_MAGIC = re.compile(r"[*?]")
_PART = re.compile(r"\*+|\?|[^*?]+")


def is_pattern(path: str) -> bool:
    """Whether a path stands for the files that match it rather than for one file or folder."""
    return _MAGIC.search(path) is not None


def literal_folder(pattern: str) -> str:
    """The deepest folder that every match lies below, "" for the whole datastore."""
    folders = pattern.split("/")[:-1]
    known = next((position for position, folder in enumerate(folders) if is_pattern(folder)), len(folders))
    return "/".join(folders[:known])


def listing_prefix(pattern: str) -> str:
    """What the names of all matches begin with."""
    return pattern[: match.start()] if (match := _MAGIC.search(pattern)) else pattern


def pattern_regex(pattern: str) -> re.Pattern[str]:
    """The pattern for names as a whole (`fullmatch`)."""
    parts = pattern.split("/")
    text = ""
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:[^/]+/)*"
        else:
            text += "".join(_translated(piece) for piece in _PART.findall(part)) + ("" if last else "/")
    return re.compile(text, re.DOTALL)


def _translated(piece: str) -> str:
    if piece[0] == "*":
        return "[^/]*"
    return "[^/]" if piece == "?" else re.escape(piece)

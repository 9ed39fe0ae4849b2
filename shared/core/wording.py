"""How names and lists are written in sentences, and which known name a wrong one was probably meant to be."""

import difflib
from collections.abc import Collection, Sequence

MAX_SHOWN = 60
"""Names and values in sentences are cut to about this many characters."""
_MAX_LISTED = 10


def shorten(text: str, limit: int = MAX_SHOWN) -> str:
    """The text, cut at the end with an ellipsis where it is longer than the limit."""
    text = text.encode(errors="replace").decode()  # half a surrogate pair could not be sent to the user
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(name: str) -> str:
    """A name as it appears in a sentence."""
    return f"`{shorten(name)}`"


def listed(items: Sequence[str], limit: int | None = None, last: str = "and") -> str:
    """`a, b and c`; with a limit, `a, b and 7 more`."""
    shown = list(items)
    if limit is not None and len(shown) > limit:
        shown = [*shown[:limit], f"{len(shown) - limit} more"]
    return f" {last} ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


class Suggester:
    """Finds the known name that is nearest to a wrong one.

    Comparing is slow, so each suggester has a budget: a document with thousands of wrong names among thousands of
    right ones gets its first suggestions and then none, instead of keeping the server busy for minutes.
    """

    def __init__(self, comparisons: int = 20_000) -> None:
        self._left = comparisons

    def suggest(self, word: str, known: Collection[str], *, list_all: bool = True) -> str | None:
        """A sentence that names the nearest known name, or (`list_all`) all of them if they are few, or None."""
        near = self._nearest(word, known)
        if near is not None:
            return f"Did you mean {quoted(near)}?"
        if list_all and 0 < len(known) <= _MAX_LISTED:
            return f"Known here: {', '.join(quoted(name) for name in known)}."
        return None

    def _nearest(self, word: str, known: Collection[str]) -> str | None:
        self._left -= len(known)
        if self._left < 0:
            return None
        folded = {name.casefold(): name for name in known}
        matches = difflib.get_close_matches(word.casefold(), folded, n=1)
        return folded[matches[0]] if matches else None

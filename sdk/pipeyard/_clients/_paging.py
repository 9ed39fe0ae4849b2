"""Lists that come in pages."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pipeyard._http import HttpSession

PAGE_SIZE = 200


def pages(http: HttpSession, path: str, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every item of a list, fetched page by page as they are asked for."""
    token: str | None = None
    while True:
        answer = http.get(path, {**(query or {}), "page_size": PAGE_SIZE, "continuation_token": token})
        yield from answer["value"]
        token = answer.get("continuation_token")
        if not token:
            return


def part(text: str) -> str:
    """A name as one segment of a path."""
    return quote(str(text), safe="")

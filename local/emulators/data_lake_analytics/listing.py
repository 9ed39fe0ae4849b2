"""The query options of a list: the part of OData's filters that the service's own tools send."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from operator import eq, ge, gt, le, lt, ne
from typing import Any
from urllib.parse import quote, urlencode

from local.emulators.data_lake_analytics.errors import Refused

Json = dict[str, Any]
_MOST = 200
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)")
_TERM = re.compile(r"(\w+)\s+(eq|ne|gt|ge|lt|le)\s+(?:datetimeoffset|guid)?('(?:[^']|'')*'|[\w.:+-]+)")
_STARTS = re.compile(r"(?i:startswith)\(\s*(\w+)\s*,\s*('(?:[^']|'')*')\s*\)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {"eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le}


def page(jobs: list[Json], query: Mapping[str, str], url: str) -> Json:
    """One page of the jobs that are asked for, newest first if nothing else is said.

    Raises:
        Refused: An option cannot be read.
    """
    kept = [job for job in jobs if all(test(job) for test in _tests(query.get("$filter", "")))]
    name, _, direction = query.get("$orderby", "submitTime desc").strip().partition(" ")
    if direction.strip() not in {"", "asc", "desc"}:
        raise _refused("$orderby")
    kept.sort(key=lambda job: _comparable(job.get(name)), reverse=direction.strip() == "desc")
    skip, top = _number(query, "$skip", 0), min(_number(query, "$top", _MOST), _MOST)
    chosen = [field.strip() for field in query.get("$select", "").split(",") if field.strip()]
    answer: Json = {"value": [_select(job, chosen) for job in kept[skip : skip + top]]}
    if query.get("$count", "").lower() == "true":
        answer["count"] = len(kept)
    # A page that was asked for by its size is the last one.
    if "$top" not in query and skip + top < len(kept):
        answer["nextLink"] = f"{url}?{urlencode({**query, '$skip': str(skip + top)}, quote_via=quote)}"
    return answer


def _tests(text: str) -> list[Callable[[Json], bool]]:
    return [_test(term.strip()) for term in _AND.split(text)] if text.strip() else []


def _test(term: str) -> Callable[[Json], bool]:
    if found := _STARTS.fullmatch(term):
        name, begin = found[1], _literal(found[2])
        return lambda job: str(job.get(name, "")).startswith(begin)
    if (found := _TERM.fullmatch(term)) is None:
        raise _refused("$filter")
    name, compare, wanted = found[1], _OPERATORS[found[2]], _comparable(_literal(found[3]))
    return lambda job: compare(_comparable(job.get(name)), wanted)


def _literal(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def _comparable(value: Any) -> tuple[bool, float, str]:
    """Numbers by their value, everything else as text: times of one zone are in order that way."""
    try:
        return False, float(value), ""
    except (TypeError, ValueError):
        return True, 0.0, "" if value is None else str(value)


def _number(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not text.isascii() or not text.isdigit():
        raise _refused(name)
    return int(text)


def _select(job: Json, chosen: list[str]) -> Json:
    return {key: value for key, value in job.items() if key in chosen} if chosen else job


def _refused(option: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "InvalidQuery", f"The emulator cannot read {option}.")

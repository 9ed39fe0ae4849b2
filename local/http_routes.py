"""Which function answers a request: the route templates of httpTrigger bindings, matched as the Functions host does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from local.functions_host import Function

_PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>\w+)(?::(?P<kind>\w+)[^}?]*)?(?P<optional>\?)?\}")
_KINDS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}",
}
_ALL_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"})
_LITERAL, _CONSTRAINED, _FREE, _REST = range(4)


@dataclass(frozen=True, slots=True)
class Route:
    """One function's template."""

    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]
    precedence: tuple[int, ...]
    """Per segment, smaller first: literal, constrained parameter, parameter, rest of the path."""


class RouteTable:
    """The routes of an app."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [_route(function, prefix) for function in functions if function.trigger["type"] == "httpTrigger"]
        self._routes = sorted(routes, key=lambda route: route.precedence)

    def match(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Function and route parameters for a decoded path without its leading slash.

        A wrong method finds nothing, as on Azure: the method is part of the route there, so it answers 404.
        """
        for route in self._routes:
            if method in route.methods and (found := route.pattern.fullmatch(path)) is not None:
                return route.function, {name: value for name, value in found.groupdict().items() if value}
        return None


def _route(function: Function, prefix: str) -> Route:
    template = function.trigger.get("route", function.name).strip("/")
    segments = [segment for segment in f"{prefix}/{template}".split("/") if segment]
    methods = frozenset(method.upper() for method in function.trigger.get("methods") or ()) or _ALL_METHODS
    pattern = "".join(_segment_pattern(segment, first=index == 0) for index, segment in enumerate(segments))
    # Route templates ignore case, as in ASP.NET.
    return Route(function, methods, re.compile(pattern + "/?", re.IGNORECASE), tuple(map(_rank, segments)))


def _segment_pattern(segment: str, *, first: bool) -> str:
    slash = "" if first else "/"
    whole = _PARAMETER.fullmatch(segment)
    if whole is not None and (whole["rest"] or whole["optional"]):
        return f"(?:{slash}{_parameter_pattern(whole)})?"
    parts, end = [slash], 0
    for found in _PARAMETER.finditer(segment):
        parts += [re.escape(segment[end : found.start()]), _parameter_pattern(found)]
        end = found.end()
    return "".join([*parts, re.escape(segment[end:])])


def _parameter_pattern(found: re.Match[str]) -> str:
    value = r"(?s:.*?)" if found["rest"] else _KINDS.get(found["kind"] or "", "[^/]+")
    return f"(?P<{found['name']}>{value})"


def _rank(segment: str) -> int:
    found = _PARAMETER.search(segment)
    if found is None:
        return _LITERAL
    if found["rest"]:
        return _REST
    return _CONSTRAINED if found["kind"] else _FREE

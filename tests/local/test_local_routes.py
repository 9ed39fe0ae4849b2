"""Route templates against paths."""

import json

import pytest

from local.functions_host import Function
from local.host_settings import route_prefix
from local.http_routes import RouteTable


def table(*templates: str, prefix: str = "", methods: list[str] | None = None) -> RouteTable:
    functions = [
        Function(template, template, ({"type": "httpTrigger", "name": "req", "route": template, "methods": methods},))
        for template in templates
    ]
    return RouteTable(functions, prefix)


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("{*path}", "", {}),
        ("{*path}", "a/b/c", {"path": "a/b/c"}),
        ("files/{*path}", "files", {}),
        ("files/{*path}", "files/a/b", {"path": "a/b"}),
        ("files/{*path}", "filesystem", None),
        ("items/{id}", "items/7", {"id": "7"}),
        ("items/{id}", "ITEMS/7/", {"id": "7"}),
        ("items/{id}", "items/7/8", None),
        ("items/{id:int}", "items/x", None),
        ("items/{id?}", "items", {}),
        ("items/{id?}", "items/7", {"id": "7"}),
        ("v{major}.{minor}/x", "v1.2/x", {"major": "1", "minor": "2"}),
    ],
)
def test_templates(template, path, expected):
    found = table(template).match("GET", path)
    assert (found[1] if found else None) == expected


def test_most_specific_route_wins_whatever_the_order():
    routes = table("{*path}", "a/{x}", "a/{x:int}", "a/b")
    winners = [routes.match("GET", path) for path in ("a/b", "a/1", "a/c", "z")]
    assert [found[0].name for found in winners if found] == ["a/b", "a/{x:int}", "a/{x}", "{*path}"]


def test_wrong_method_finds_nothing():
    assert table("a", methods=["POST"]).match("GET", "a") is None


def test_prefix(tmp_path):
    assert route_prefix(tmp_path) == "api"
    (tmp_path / "host.json").write_text(json.dumps({"extensions": {"http": {"routePrefix": ""}}}))
    assert route_prefix(tmp_path) == ""
    assert table("a", prefix="api").match("GET", "api/a")
    assert table("a", prefix="api").match("GET", "a") is None

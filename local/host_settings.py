"""What the app's host.json says, as far as the local host does what it says."""

import json
from pathlib import Path
from typing import Any


def route_prefix(directory: Path) -> str:
    """`extensions.http.routePrefix`; `api` where it says nothing."""
    return str(_extension(directory, "http").get("routePrefix", "api")).strip("/")


def default_version(directory: Path) -> str | None:
    """`extensions.durableTask.defaultVersion`: what orchestrations get that are started without a version."""
    version = _extension(directory, "durableTask").get("defaultVersion")
    return None if version is None else str(version)


def _extension(directory: Path, name: str) -> dict[str, Any]:
    try:
        settings = json.loads((directory / "host.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    found: dict[str, Any] = settings.get("extensions", {}).get(name, {})
    return found

"""Routes of compute targets, one method each."""

import builtins
from collections.abc import Mapping
from typing import Any, cast

from pipeyard._clients._paging import part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
TARGETS = "/api/compute-targets"


class ComputeClient:
    """What pipelines run on."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def list(self) -> "builtins.list[Json]":
        """Every target."""
        return cast("list[Json]", self._http.get(TARGETS)["value"])

    def get(self, name: str) -> Json:
        """A target by name."""
        return cast("Json", self._http.get(f"{TARGETS}/{part(name)}"))

    def put(self, name: str, body: Mapping[str, Any]) -> Json:
        """Create or attach a target, or replace it."""
        return cast("Json", self._http.send("PUT", f"{TARGETS}/{part(name)}", json=body).json())

    def change(self, name: str, changes: Mapping[str, Any]) -> Json:
        """Change a target's properties, description or tags."""
        return cast("Json", self._http.send("PATCH", f"{TARGETS}/{part(name)}", json=changes).json())

    def nodes(self, name: str) -> "builtins.list[Json]":
        """The nodes of a cluster with their jobs."""
        return cast("list[Json]", self._http.get(f"{TARGETS}/{part(name)}/nodes")["value"])

    def delete(self, name: str) -> Json | None:
        """Delete or detach a target; returns it while its service still deletes it, None where it is gone."""
        answer = self._http.send("DELETE", f"{TARGETS}/{part(name)}")
        return cast("Json", answer.json()) if answer.content else None

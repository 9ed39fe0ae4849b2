"""Routes of environments, modules and models, one method each."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipeyard._clients._paging import pages, part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
ENVIRONMENTS = "/api/environments"
MODULES = "/api/modules"
MODELS = "/api/models"


class CatalogueClient:
    """What a workspace keeps by name and version."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def put_environment(self, name: str, document: Mapping[str, Any]) -> Json:
        """Keep an environment; a changed one becomes a new version."""
        route = f"{ENVIRONMENTS}/{part(name)}"
        return cast("Json", self._http.send("PUT", route, json={"document": document}).json())

    def get_environment(self, name: str, version: str | None) -> Json:
        """An environment, the latest version unless one is named."""
        return cast("Json", self._http.get(f"{ENVIRONMENTS}/{part(name)}", {"version": version}))

    def list_environments(self) -> Iterator[Json]:
        """The latest version of each environment."""
        return pages(self._http, ENVIRONMENTS)

    def create_module(self, name: str, description: str) -> Json:
        """Create a module without versions."""
        return cast("Json", self._http.post(MODULES, {"name": name, "description": description}))

    def get_module(self, module_id: str) -> Json:
        """A module by id."""
        return cast("Json", self._http.get(f"{MODULES}/{part(module_id)}"))

    def get_module_by_name(self, name: str) -> Json:
        """A module by name."""
        return cast("Json", self._http.get(f"{MODULES}/by-name/{part(name)}"))

    def list_modules(self) -> Iterator[Json]:
        """Every module."""
        return pages(self._http, MODULES)

    def change_module(self, module_id: str, changes: Mapping[str, Any]) -> Json:
        """Change a module."""
        return cast("Json", self._http.send("PATCH", f"{MODULES}/{part(module_id)}", json=changes).json())

    def add_module_version(self, module_id: str, body: Mapping[str, Any]) -> Json:
        """Add a version to a module."""
        return cast("Json", self._http.post(f"{MODULES}/{part(module_id)}/versions", body))

    def register_model(self, body: Mapping[str, Any]) -> Json:
        """Keep a model; its version counts up."""
        return cast("Json", self._http.post(MODELS, body))

    def list_models(self, name: str | None = None) -> Iterator[Json]:
        """Models, newest first."""
        return pages(self._http, MODELS, {"name": name})

    def get_model(self, name: str, version: str) -> Json:
        """A model by name and version; `latest` is one."""
        return cast("Json", self._http.get(f"{MODELS}/{part(name)}", {"version": version}))

    def change_model(self, name: str, version: str, changes: Mapping[str, Any]) -> Json:
        """Change description, tags or properties of a model."""
        return cast("Json", self._http.send("PATCH", f"{MODELS}/{part(name)}/{part(version)}", json=changes).json())

    def delete_model(self, name: str, version: str) -> None:
        """Take a model out of the list; its files stay."""
        self._http.send("DELETE", f"{MODELS}/{part(name)}/{part(version)}")

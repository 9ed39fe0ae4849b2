"""Routes of datastores."""

from collections.abc import Sequence
from typing import Any, cast

from pipeyard import _wire
from pipeyard._clients._paging import part
from pipeyard._http import HttpSession


class DatastoresClient:
    """Datastores and their files."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def list_datastores(self) -> list[_wire.DatastoreDocument]:
        """Every datastore."""
        return cast("list[_wire.DatastoreDocument]", self._http.get("/api/datastores")["value"])

    def register(self, name: str, request: dict[str, Any], *, overwrite: bool) -> _wire.DatastoreDocument:
        """Register a datastore.

        Raises:
            UserErrorException: The request is wrong, the name is taken, or the service refuses.
        """
        query = {"overwrite": "true" if overwrite else "false"}
        answer = self._http.send("PUT", _datastore(name), params=query, json=request)
        return cast("_wire.DatastoreDocument", answer.json())

    def unregister(self, name: str) -> None:
        """Forget a datastore; its files stay."""
        self._http.send("DELETE", _datastore(name))

    def set_default(self, name: str) -> None:
        """Make a datastore the default."""
        self._http.send("PUT", "/api/default-datastore", json={"name": name})

    def list_files(self, datastore: str, prefix: str = "") -> list[_wire.StoredFile]:
        """Files on a datastore whose path begins with `prefix`."""
        route = f"{_datastore(datastore)}/files"
        return cast("list[_wire.StoredFile]", self._http.get(route, {"prefix": prefix})["value"])

    def upload_urls(self, datastore: str, paths: Sequence[str]) -> dict[str, str]:
        """Addresses to write files to, by path."""
        return self._urls(datastore, "uploads", paths)

    def download_urls(self, datastore: str, paths: Sequence[str]) -> dict[str, str]:
        """Addresses to read files from, by path."""
        return self._urls(datastore, "downloads", paths)

    def _urls(self, datastore: str, kind: str, paths: Sequence[str]) -> dict[str, str]:
        answer: Any = self._http.post(f"{_datastore(datastore)}/{kind}", {"paths": list(paths)})
        return cast("dict[str, str]", answer["urls"])


def _datastore(name: str) -> str:
    return f"/api/datastores/{part(name)}"

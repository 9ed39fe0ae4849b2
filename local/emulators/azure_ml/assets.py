"""Versions of code and of environments. A version never changes: jobs and their repeats rest on it."""

import re
import time
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import WORKSPACE, Call, endpoint, resource
from local.emulators.azure_ml.contract import Envelope, Shape
from local.emulators.azure_ml.errors import Refusal, not_found
from local.emulators.documents import Document, Documents

_VERSION_ID = re.compile(
    r"(?P<workspace>/.+)/(?P<kind>codes|environments)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)\Z"
)


class Assets[Properties: Shape]:
    """One kind of asset.

    Args:
        kind: As it stands in addresses: `codes` or `environments`.
        model: The body's properties.
        fixed: Properties that make a version what it is.
        documents: Where they are kept.
    """

    def __init__(self, kind: str, model: type[Properties], fixed: tuple[str, ...], documents: Documents) -> None:
        self._kind = kind
        self._model = model
        self._fixed = fixed
        self._documents = documents

    @property
    def routes(self) -> list[Route]:
        """The kind's part of the service."""
        versions = f"{WORKSPACE}/{self._kind}/{{name}}/versions"
        return [
            Route(versions, endpoint(self._list)),
            Route(f"{versions}/{{version}}", endpoint(self._put), methods=["PUT"]),
            Route(f"{versions}/{{version}}", endpoint(self._get)),
        ]

    def find(self, call: Call, asset_id: str) -> Properties:
        """The version that a job names by its id.

        Raises:
            Refusal: It is no id of this workspace, or there is no such version.
        """
        found = _VERSION_ID.match(asset_id)
        if found is None or found["kind"] != self._kind or found["workspace"].lower() != call.workspace.lower():
            raise Refusal(f"{asset_id} is no id of a version of {self._kind} in this workspace.")
        if self._documents.read(_key(found["name"], found["version"])) is None:
            raise Refusal(f"{asset_id} was not found.", inner="NotFoundError")
        return self.at(asset_id)

    def at(self, asset_id: str) -> Properties:
        """The version that an id names which was found before.

        Raises:
            KeyError: It is gone.
        """
        name, _, version = asset_id.rsplit("/", 2)
        document = self._documents.read(_key(name.rpartition("/")[2], version))
        if document is None:
            raise KeyError(asset_id)
        return self._model.model_validate(document["properties"])

    def _put(self, call: Call) -> Response:
        asked = call.body(Envelope[self._model]).properties.document()  # type: ignore[name-defined]  # mypy wants a class
        key = _key(call.names["name"], call.names["version"])
        document: Document = {"properties": asked, "created": time.time()}
        if self._documents.add(key, document):
            return JSONResponse(self._shown(call, call.names["version"], document), HTTPStatus.CREATED)
        kept = self._documents.read(key) or document
        for name in self._fixed:
            if asked.get(name) != kept["properties"].get(name):
                raise Refusal(
                    f"A version is immutable: {name} of {self._kind} {key} cannot be changed.", inner="Immutable"
                )
        return JSONResponse(self._shown(call, call.names["version"], kept))

    def _get(self, call: Call) -> Response:
        key = _key(call.names["name"], call.names["version"])
        document = self._documents.read(key)
        if document is None:
            raise not_found(self._kind, key)
        return JSONResponse(self._shown(call, call.names["version"], document))

    def _list(self, call: Call) -> Response:
        prefix = _key(call.names["name"], "")
        found = [(key.removeprefix(prefix), document) for key, document in self._documents if key.startswith(prefix)]
        found.sort(key=lambda entry: -entry[1]["created"])
        shown = [self._shown(call, version, document) for version, document in found if _has_hash(call, document)]
        return JSONResponse({"value": shown, "nextLink": None})

    def _shown(self, call: Call, version: str, document: Document) -> dict[str, Any]:
        properties = {**document["properties"], "provisioningState": "Succeeded"}
        path = f"{self._kind}/{call.names['name']}/versions/{version}"
        return resource(call, f"{self._kind}/versions", path, document["created"], properties)


def _key(name: str, version: str) -> str:
    return f"{name}:{version}"


def _has_hash(call: Call, document: Document) -> bool:
    """Whether a version has the content that a listing asks for, if it asks."""
    noted = document["properties"].get("properties") or {}
    wanted = {"hash_sha256": call.query.get("hash"), "hash_version": call.query.get("hashVersion")}
    return all(value is None or noted.get(name) == value for name, value in wanted.items())

"""Datastores: names for containers of the one storage account that there is."""

import re
import time
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import WORKSPACE, Call, endpoint, resource
from local.emulators.azure_ml.contract import Envelope, NonEmpty, Shape
from local.emulators.azure_ml.errors import Refusal, not_found
from local.emulators.documents import Document, Documents
from local.emulators.storage import Storage, StorageError
from shared.core.names import ARTIFACT_CONTAINER, DEFAULT_DATASTORE_CONTAINER

ARTIFACTS = "workspaceartifactstore"
_BUILT_IN = {"workspaceblobstore": DEFAULT_DATASTORE_CONTAINER, ARTIFACTS: ARTIFACT_CONTAINER}
_URI = re.compile(r"azureml://(?:.*/)?datastores/(?P<name>[^/]+)/paths/(?P<path>.*)\Z")


class _Datastore(Shape):
    datastore_type: NonEmpty
    account_name: NonEmpty
    container_name: NonEmpty
    credentials: dict[str, Any]


class Datastores:
    """The workspace's own two, and those that were registered."""

    def __init__(self, storage: Storage, documents: Documents) -> None:
        self._storage = storage
        self._documents = documents

    @property
    def routes(self) -> list[Route]:
        """The datastores' part of the service."""
        one = f"{WORKSPACE}/datastores/{{name}}"
        return [
            Route(f"{WORKSPACE}/datastores", endpoint(self._list)),
            Route(one, endpoint(self._put), methods=["PUT"]),
            Route(one, endpoint(self._get)),
            Route(f"{one}/listSecrets", endpoint(self._secrets), methods=["POST"]),
        ]

    def storage_uri(self, uri: str) -> str:
        """Where an `azureml://` address leads; others are themselves.

        Raises:
            StorageError: It names no datastore.
        """
        if not uri.startswith("azureml:"):
            return uri
        found = _URI.match(uri)
        container = found and self._container(found["name"])
        if found is None or container is None:
            raise StorageError(f"{uri} names no datastore of the workspace.")
        return self._storage.uri(container, found["path"])

    def _container(self, name: str) -> str | None:
        document = self._documents.read(name)
        return _BUILT_IN.get(name) or (document["properties"]["containerName"] if document else None)

    def _put(self, call: Call) -> Response:
        name = call.names["name"]
        asked = call.body(Envelope[_Datastore]).properties
        if name in _BUILT_IN:
            raise Refusal(f"The datastore {name} belongs to the workspace and cannot be changed.")
        if asked.datastore_type != "AzureBlob" or asked.account_name != self._storage.account:
            raise Refusal(f"The emulator has datastores of type AzureBlob in the account {self._storage.account} only.")
        asked.credentials.pop("secrets", None)
        document: Document = {"properties": asked.document(), "created": time.time()}
        is_new = self._documents.read(name) is None
        self._documents.write(name, document)
        return JSONResponse(_shown(call, name, document), HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    def _get(self, call: Call) -> Response:
        document = self._document(call.names["name"])
        if document is None:
            raise not_found("Datastore", call.names["name"])
        return JSONResponse(_shown(call, call.names["name"], document))

    def _list(self, call: Call) -> Response:
        names = [*_BUILT_IN, *self._documents.keys()]
        shown = [_shown(call, name, document) for name in names if (document := self._document(name)) is not None]
        return JSONResponse({"value": shown, "nextLink": None})

    def _secrets(self, call: Call) -> Response:
        if self._document(call.names["name"]) is None:
            raise not_found("Datastore", call.names["name"])
        return JSONResponse({"secretsType": "AccountKey", "key": self._storage.key})

    def _document(self, name: str) -> Document | None:
        if name not in _BUILT_IN:
            return self._documents.read(name)
        protocol, _, rest = self._storage.url.partition("://")
        properties = {
            "datastoreType": "AzureBlob",
            "accountName": self._storage.account,
            "containerName": _BUILT_IN[name],
            # Azurite has the account in the path; there is no host name for this to be the end of.
            "endpoint": rest.partition("/")[0],
            "protocol": protocol,
            "credentials": {"credentialsType": "AccountKey"},
            "isDefault": name != ARTIFACTS,
        }
        return {"properties": properties, "created": 0}


def _shown(call: Call, name: str, document: Document) -> dict[str, Any]:
    return resource(call, "datastores", f"datastores/{name}", document["created"], document["properties"])

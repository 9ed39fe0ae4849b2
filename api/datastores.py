"""Datastores: register and list, and short-lived addresses for transfers that bypass the function app."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from api.dependencies import DatastoreName, WorkspaceDep
from api.views import ListOf
from shared.core.datastores import Credential, Datastore, DatastoreType
from shared.core.document import Document
from shared.core.errors import Fault, InvalidDocument
from shared.core.paths import relative_path_fault
from shared.services.datastore_registration import (
    DatastoreRequest,
    register_datastore,
    set_default_datastore,
    unregister_datastore,
)
from shared.services.datastores import all_datastores, default_datastore, find_datastore, open_datastore

router = APIRouter(tags=["datastores"])

_VALID_FOR = timedelta(hours=1)


class DatastoreView(BaseModel):
    """A datastore. No view shows a key or a token."""

    name: str
    type: DatastoreType
    is_default: bool
    account_name: str | None
    container: str | None
    endpoint: str | None
    path: str | None
    description: str
    credential: Credential
    created_at: str | None


class DefaultRequest(Document):
    """The datastore that is to be the default."""

    name: str


class PathsRequest(BaseModel):
    """Files on a datastore."""

    paths: Annotated[list[str], Field(min_length=1, max_length=1000)]


class Addresses(BaseModel):
    """Address by path: GET for downloads; for uploads, the datastore's type says how (docs/datastores.md)."""

    urls: dict[str, str]
    type: DatastoreType


class StoredFile(BaseModel):
    """A file on a datastore."""

    path: str
    size: int
    etag: str


def _view(record: Datastore, default: str) -> DatastoreView:
    fields = record.model_dump(exclude={"schema_version", "secret_name", "created_at"})
    return DatastoreView(**fields, is_default=record.name == default, created_at=record.created_at or None)


@router.get("/api/datastores")
async def list_datastores(workspace: WorkspaceDep) -> ListOf[DatastoreView]:
    """The workspace's datastores."""
    default = default_datastore(workspace)
    return ListOf(value=[_view(record, default) for record in all_datastores(workspace)])


@router.get("/api/datastores/{name}")
async def get_datastore(workspace: WorkspaceDep, name: DatastoreName) -> DatastoreView:
    """One datastore."""
    return _view(find_datastore(workspace, name), default_datastore(workspace))


@router.put("/api/datastores/{name}")
async def put_datastore(
    workspace: WorkspaceDep, name: DatastoreName, body: DatastoreRequest, *, overwrite: bool = False
) -> DatastoreView:
    """Register a datastore."""
    record = register_datastore(workspace, name, body, overwrite=overwrite)
    return _view(record, default_datastore(workspace))


@router.delete("/api/datastores/{name}", status_code=HTTPStatus.NO_CONTENT)
async def delete_datastore(workspace: WorkspaceDep, name: DatastoreName) -> Response:
    """Forget a datastore; its files stay."""
    unregister_datastore(workspace, name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.put("/api/default-datastore")
async def put_default_datastore(workspace: WorkspaceDep, body: DefaultRequest) -> DatastoreView:
    """Choose the default datastore."""
    record = set_default_datastore(workspace, body.name)
    return _view(record, record.name)


@router.post("/api/datastores/{name}/uploads")
async def uploads(workspace: WorkspaceDep, name: DatastoreName, body: PathsRequest) -> Addresses:
    """Addresses that create or replace these files."""
    _check(body.paths)
    record, opened = find_datastore(workspace, name), open_datastore(workspace, name)
    return Addresses(urls={path: opened.write_url(path, _VALID_FOR) for path in body.paths}, type=record.type)


@router.post("/api/datastores/{name}/downloads")
async def downloads(workspace: WorkspaceDep, name: DatastoreName, body: PathsRequest) -> Addresses:
    """Addresses that read these files."""
    _check(body.paths)
    record, opened = find_datastore(workspace, name), open_datastore(workspace, name)
    return Addresses(urls={path: opened.read_url(path, _VALID_FOR) for path in body.paths}, type=record.type)


@router.get("/api/datastores/{name}/files")
async def files(
    workspace: WorkspaceDep, name: DatastoreName, prefix: Annotated[str, Query(max_length=1024)] = ""
) -> ListOf[StoredFile]:
    """Files whose path starts with a prefix."""
    if prefix:
        _check([prefix.rstrip("/") or "/"])
    found = open_datastore(workspace, name).list(prefix)
    return ListOf(value=[StoredFile(path=blob.name, size=blob.size, etag=blob.etag) for blob in found])


def _check(paths: list[str]) -> None:
    faults = [(index, relative_path_fault(path)) for index, path in enumerate(paths)]
    wrong = [Fault(pointer=f"/paths/{index}", message=fault) for index, fault in faults if fault]
    if wrong:
        raise InvalidDocument(wrong)

"""Datastores: list, and short-lived addresses for uploads and downloads that bypass the function app."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import DatastoreName, WorkspaceDep
from api.views import ListOf
from shared.core import names
from shared.core.errors import Fault, InvalidDocument
from shared.core.paths import relative_path_fault
from shared.services.datastores import CONTAINERS, container_of

router = APIRouter(prefix="/api/datastores", tags=["datastores"])

_VALID_FOR = timedelta(hours=1)


class DatastoreView(BaseModel):
    """A datastore."""

    name: str
    container: str
    is_default: bool


class PathsRequest(BaseModel):
    """Files on a datastore."""

    paths: Annotated[list[str], Field(min_length=1, max_length=1000)]


class Addresses(BaseModel):
    """Signed address by path: PUT with `x-ms-blob-type: BlockBlob` for uploads, GET for downloads."""

    urls: dict[str, str]


class StoredFile(BaseModel):
    """A file on a datastore."""

    path: str
    size: int
    etag: str


@router.get("")
async def list_datastores() -> ListOf[DatastoreView]:
    """The workspace's datastores."""
    return ListOf(
        value=[
            DatastoreView(name=name, container=container, is_default=name == names.DEFAULT_DATASTORE)
            for name, container in CONTAINERS.items()
        ]
    )


@router.post("/{name}/uploads")
async def uploads(workspace: WorkspaceDep, name: DatastoreName, body: PathsRequest) -> Addresses:
    """Addresses that create or replace exactly these files."""
    container = container_of(name)
    _check(body.paths)
    blobs = workspace.services.blobs
    return Addresses(urls={path: blobs.write_url(container, path, _VALID_FOR) for path in body.paths})


@router.post("/{name}/downloads")
async def downloads(workspace: WorkspaceDep, name: DatastoreName, body: PathsRequest) -> Addresses:
    """Addresses that read exactly these files."""
    container = container_of(name)
    _check(body.paths)
    blobs = workspace.services.blobs
    return Addresses(urls={path: blobs.read_url(container, path, _VALID_FOR) for path in body.paths})


@router.get("/{name}/files")
async def files(
    workspace: WorkspaceDep, name: DatastoreName, prefix: Annotated[str, Query(max_length=1024)] = ""
) -> ListOf[StoredFile]:
    """Files whose path starts with a prefix."""
    if prefix:
        _check([prefix.rstrip("/") or "/"])
    found = workspace.services.blobs.list(container_of(name), prefix)
    return ListOf(value=[StoredFile(path=blob.name, size=blob.size, etag=blob.etag) for blob in found])


def _check(paths: list[str]) -> None:
    faults = [(index, relative_path_fault(path)) for index, path in enumerate(paths)]
    wrong = [Fault(pointer=f"/paths/{index}", message=fault) for index, fault in faults if fault]
    if wrong:
        raise InvalidDocument(wrong)

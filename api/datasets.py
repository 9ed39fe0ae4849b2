"""Datasets: save, register, read, change; their files and profiles."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response
from pydantic import BaseModel

from api.dependencies import PageSize, Token, WorkspaceDep
from shared.core.document import NAME_PATTERN
from shared.core.names import GUID_PATTERN
from shared.core.records import Page
from shared.services import datasets as service
from shared.services.dataset_files import list_dataset, listing_digest
from shared.services.datasets import DatasetChange, DatasetDocument, DatasetRequest

router = APIRouter(prefix="/api/datasets", tags=["datasets"])

DatasetId = Annotated[str, Path(pattern=GUID_PATTERN, description="Id of a dataset.")]
DatasetName = Annotated[str, Path(pattern=NAME_PATTERN, description="Name of a registered dataset.")]
Version = Annotated[str, Query(pattern=r"^(latest|[1-9]\d{0,5})$")]


class DatasetFileView(BaseModel):
    """A file of a dataset: `name` is its full path on the datastore, `path` where a job finds it."""

    datastore: str
    name: str
    path: str
    size: int
    digest: str


class DatasetFilesView(BaseModel):
    """The files of a dataset now. `single_file` where the dataset names one file rather than a folder."""

    value: list[DatasetFileView]
    digest: str
    single_file: bool


@router.post(
    "", status_code=HTTPStatus.CREATED, responses={200: {"model": DatasetDocument, "description": "Saved before"}}
)
async def add(workspace: WorkspaceDep, body: DatasetRequest, response: Response) -> DatasetDocument:
    """Save a dataset, or register it where the body has a name."""
    document, created = service.add_dataset(workspace, body)
    if not created:
        response.status_code = HTTPStatus.OK
    return document


@router.get("")
async def list_datasets(
    workspace: WorkspaceDep, page_size: PageSize = 50, continuation_token: Token = None
) -> Page[DatasetDocument]:
    """The latest version of every registered dataset, by name."""
    return service.list_registered(workspace, page_size, continuation_token)


@router.get("/by-name/{name}")
async def get_by_name(workspace: WorkspaceDep, name: DatasetName, version: Version = "latest") -> DatasetDocument:
    """A version of a registered dataset."""
    return service.get_registered(workspace, name, None if version == "latest" else int(version))


@router.get("/by-name/{name}/versions")
async def versions(
    workspace: WorkspaceDep,
    name: DatasetName,
    page_size: PageSize = 50,
    continuation_token: Annotated[str | None, Query(pattern=r"^[1-9]\d{0,5}$")] = None,
) -> Page[DatasetDocument]:
    """Versions of a registered dataset, newest first."""
    before = None if continuation_token is None else int(continuation_token)
    return service.list_versions(workspace, name, page_size, before)


@router.delete("/by-name/{name}", status_code=HTTPStatus.NO_CONTENT)
async def unregister(workspace: WorkspaceDep, name: DatasetName) -> None:
    """Give up a name with all its versions; the datasets can still be reached by id."""
    service.unregister(workspace, name)


@router.get("/{dataset_id}")
async def get(workspace: WorkspaceDep, dataset_id: DatasetId) -> DatasetDocument:
    """A dataset."""
    return service.get_dataset(workspace, dataset_id)


@router.patch("/{dataset_id}")
async def change(workspace: WorkspaceDep, dataset_id: DatasetId, body: DatasetChange) -> DatasetDocument:
    """Change description or tags."""
    return service.change_dataset(workspace, dataset_id, body)


@router.get("/{dataset_id}/files")
async def files(workspace: WorkspaceDep, dataset_id: DatasetId) -> DatasetFilesView:
    """The files that a dataset stands for now."""
    found = list_dataset(workspace, service.find_dataset(workspace, dataset_id).definition)
    value = [
        DatasetFileView(
            datastore=file.datastore, name=file.blob.name, path=file.path, size=file.blob.size, digest=file.digest
        )
        for file in found.files
    ]
    return DatasetFilesView(value=value, digest=listing_digest(found), single_file=found.is_file)


@router.put("/{dataset_id}/profile", status_code=HTTPStatus.NO_CONTENT)
async def put_profile(workspace: WorkspaceDep, dataset_id: DatasetId, body: Annotated[dict[str, Any], Body()]) -> None:
    """Keep a profile of a dataset."""
    service.put_profile(workspace, dataset_id, body)


@router.get("/{dataset_id}/profile")
async def get_profile(workspace: WorkspaceDep, dataset_id: DatasetId) -> dict[str, Any]:
    """The profile that was kept."""
    return service.get_profile(workspace, dataset_id)

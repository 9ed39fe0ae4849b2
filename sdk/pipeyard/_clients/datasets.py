"""The routes of datasets."""

from collections.abc import Iterator
from typing import Any, NotRequired, TypedDict, cast

from pipeyard._clients._paging import pages, part
from pipeyard._http import HttpSession


class DatasetDocument(TypedDict):
    """A dataset: a registered version, or one that was only saved; then it has no name."""

    dataset_id: str
    name: str | None
    version: int | None
    latest_version: NotRequired[int | None]
    type: str
    definition: dict[str, Any]
    description: str
    tags: dict[str, str]
    created_at: str


class DatasetFileDocument(TypedDict):
    """A file of a dataset."""

    datastore: str
    name: str
    path: str
    size: int
    digest: str


class DatasetFilesDocument(TypedDict):
    """Every file of a dataset, with the digest of them all."""

    value: list[DatasetFileDocument]
    digest: str


class DatasetsClient:
    """The routes, one method each."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def save(self, body: dict[str, Any]) -> DatasetDocument:
        """Save a definition, or register it where the body names it."""
        return cast("DatasetDocument", self._http.post("/api/datasets", body))

    def registered(self) -> Iterator[DatasetDocument]:
        """The latest version of every registered dataset."""
        return cast("Iterator[DatasetDocument]", pages(self._http, "/api/datasets"))

    def get(self, dataset_id: str) -> DatasetDocument:
        """A dataset by its id."""
        return cast("DatasetDocument", self._http.get(_dataset(dataset_id)))

    def get_by_name(self, name: str, version: int | str = "latest") -> DatasetDocument:
        """A registered version."""
        return cast("DatasetDocument", self._http.get(_name(name), {"version": version}))

    def versions(self, name: str) -> list[DatasetDocument]:
        """Every version of a name, newest first."""
        return cast("list[DatasetDocument]", list(pages(self._http, f"{_name(name)}/versions")))

    def update(self, dataset_id: str, changes: dict[str, Any]) -> DatasetDocument:
        """Change description or tags."""
        answer = self._http.send("PATCH", _dataset(dataset_id), json=changes)
        return cast("DatasetDocument", answer.json())

    def delete(self, name: str) -> None:
        """Forget every version of a name. Files stay where they are."""
        self._http.send("DELETE", _name(name))

    def files(self, dataset_id: str) -> DatasetFilesDocument:
        """The files that a dataset has now."""
        return cast("DatasetFilesDocument", self._http.get(f"{_dataset(dataset_id)}/files"))

    def get_profile(self, dataset_id: str) -> dict[str, Any]:
        """The profile kept with a dataset."""
        return cast("dict[str, Any]", self._http.get(f"{_dataset(dataset_id)}/profile"))

    def put_profile(self, dataset_id: str, profile: dict[str, Any]) -> None:
        """Keep a profile with a dataset."""
        self._http.send("PUT", f"{_dataset(dataset_id)}/profile", json=profile)


def _dataset(dataset_id: str) -> str:
    return f"/api/datasets/{part(dataset_id)}"


def _name(name: str) -> str:
    return f"/api/datasets/by-name/{part(name)}"

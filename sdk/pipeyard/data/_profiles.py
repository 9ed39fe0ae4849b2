"""Profiles and differences of datasets: found in the workspace, or computed here and kept there."""

import hashlib
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeyard.data._evaluation.files import DataFile
from pipeyard.data.dataset_diff import DatasetDiff, compare
from pipeyard.data.dataset_profile import DatasetProfile, FileProfile
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard._clients.datasets import DatasetsClient
    from pipeyard.data.abstract_dataset import AbstractDataset

CHUNK = 1 << 20
MAX_BYTES = 4 * 1024 * 1024
"""What the workspace keeps of a profile."""


def profile_of(dataset: "AbstractDataset", *, refresh: bool) -> DatasetProfile:
    """The profile of a dataset as it is now."""
    files = _with_digests(dataset, dataset.list_files())
    digest = _digest(files)
    if not dataset.in_workspace:
        return _compute(dataset, files, digest, None)
    dataset_id, client = dataset.id, dataset.client()
    if not refresh and (kept := _kept(client, dataset_id)) is not None and kept.digest == digest:
        return kept
    profile = _compute(dataset, files, digest, dataset_id)
    document = profile.to_dict()
    if len(json.dumps(document).encode()) < MAX_BYTES:
        client.put_profile(dataset_id, document)
    return profile


def diff_of(before: "AbstractDataset", after: "AbstractDataset") -> DatasetDiff:
    """The differences of two datasets: `before` as it is remembered, `after` as it is."""
    old, new = _remembered(before), profile_of(after, refresh=False)
    return compare(old, new, (_called(before), _called(after)))


def _remembered(dataset: "AbstractDataset") -> DatasetProfile:
    kept = _kept(dataset.client(), dataset.id) if dataset.name is not None else None
    return kept or profile_of(dataset, refresh=False)


def _kept(client: "DatasetsClient", dataset_id: str) -> DatasetProfile | None:
    try:
        return DatasetProfile.from_dict(client.get_profile(dataset_id))
    except UserErrorException as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _compute(
    dataset: "AbstractDataset", files: Sequence[DataFile], digest: str, dataset_id: str | None
) -> DatasetProfile:
    listed = tuple(FileProfile(name=file.name, size=file.size, digest=file.digest) for file in files)
    if not dataset.is_tabular:
        return DatasetProfile(dataset_id=dataset_id, files=listed, digest=digest)
    from pipeyard.data._evaluation.profiling import profile_rows  # noqa: PLC0415  (loaded when it is used)

    count, columns = profile_rows(dataset.view, dataset.fetch_files())
    return DatasetProfile(dataset_id=dataset_id, files=listed, digest=digest, row_count=count, columns=columns)


def _with_digests(dataset: "AbstractDataset", files: list[DataFile]) -> list[DataFile]:
    """The files of a job's input have no digests yet: nobody has looked at them."""
    if all(file.digest is not None for file in files):
        return files
    digests: dict[str, str] = {}
    for local in dataset.fetch_files():
        with local.local.open("rb") as content:
            digests[local.file.name] = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    return [
        DataFile(name=file.name, path=file.path, size=file.size, digest=digests[file.name], datastore=file.datastore)
        for file in files
    ]


def _digest(files: Sequence[DataFile]) -> str:
    listed = [[file.datastore, file.name, file.size, file.digest] for file in files]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _called(dataset: "AbstractDataset") -> str:
    return f"{dataset.name} version {dataset.version}" if dataset.name else repr(dataset)

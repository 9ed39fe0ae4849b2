"""Rows of datasets as new files on a datastore, and the datasets of those."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._core.datasets import DatasetSource
from pipeyard.data._evaluation.cache import scratch_folder
from pipeyard.data._evaluation.writing import PART, CsvTarget, ParquetTarget, write_file, write_partitions
from pipeyard.data._sources import read_target
from pipeyard.data._views import file_view, parquet_view
from pipeyard.data.file_dataset import FileDataset
from pipeyard.data.tabular_dataset import TabularDataset

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore

FOLDER = "datasets/converted"


def write_whole(dataset: TabularDataset, file_name: str, kind: ParquetTarget | CsvTarget, target: Any) -> FileDataset:
    """All rows in one file below a folder of its own."""
    datastore, path = _target(dataset, target)
    place = _joined(path, uuid.uuid4().hex)
    with scratch_folder() as scratch:
        write_file(dataset.view, dataset.fetch_files(), scratch / file_name, kind)
        _upload(datastore, scratch, place, show_progress=False)
    return _files_at(datastore, place)


def write_partitioned(
    dataset: TabularDataset, keys: Sequence[str], target: Any, *, show_progress: bool, as_files: bool
) -> TabularDataset | FileDataset:
    """One file for each combination of values of the key columns."""
    datastore, path = _target(dataset, target)
    place = _joined(path, uuid.uuid4().hex)
    with scratch_folder() as scratch:
        write_partitions(dataset.view, dataset.fetch_files(), keys, scratch)
        _upload(datastore, scratch, place, show_progress=show_progress)
    partition_format = "/".join([*(f"{{{key}}}" for key in keys), PART])
    sources = (DatasetSource(datastore=datastore.name, path=place),)
    if as_files:
        return FileDataset(file_view(partition_format), sources=sources, workspace=datastore.workspace)
    return TabularDataset(
        parquet_view(partition_format=partition_format), sources=sources, workspace=datastore.workspace
    )


def _target(dataset: TabularDataset, target: Any) -> "tuple[Datastore, str]":
    if target is None:
        return dataset.find_workspace().get_default_datastore(), FOLDER
    return read_target(target)


def _upload(datastore: "Datastore", folder: Path, place: str, *, show_progress: bool) -> None:
    files = sorted(str(file) for file in folder.rglob("*") if file.is_file())
    datastore.upload_files(files, str(folder), place, overwrite=True, show_progress=show_progress)


def _files_at(datastore: "Datastore", place: str) -> FileDataset:
    sources = (DatasetSource(datastore=datastore.name, path=place),)
    return FileDataset(file_view(), sources=sources, workspace=datastore.workspace)


def _joined(*parts: str) -> str:
    return "/".join(part.strip("/") for part in parts if part)

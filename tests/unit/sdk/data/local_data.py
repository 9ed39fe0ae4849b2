"""Datasets over files that the test wrote to the local disk, as a job's direct inputs are."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pipeyard._core.dataset_views import DatasetView
from pipeyard.data._evaluation.files import LocalSource
from pipeyard.data._views import delimited_view, file_view
from pipeyard.data.file_dataset import FileDataset
from pipeyard.data.tabular_dataset import TabularDataset


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def rows_of(root: Path, view: DatasetView) -> TabularDataset:
    return TabularDataset(view, files=LocalSource(root))


def csv(folder: Path, files: Mapping[str, str | bytes] | str, **options: object) -> TabularDataset:
    """A dataset of delimited files; one text is one file."""
    named = {"data.csv": files} if isinstance(files, str) else files
    return rows_of(write(folder / "in", named), delimited_view(**options))  # type: ignore[arg-type]


def files_of(folder: Path, files: Mapping[str, str | bytes], partition_format: str | None = None) -> FileDataset:
    return FileDataset(file_view(partition_format), files=LocalSource(write(folder / "in", files)))


def frame(dataset: TabularDataset, **options: str) -> pd.DataFrame:
    found = dataset.to_pandas_dataframe(**options)
    assert isinstance(found, pd.DataFrame)
    return found

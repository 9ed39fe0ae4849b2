"""v1's `azureml.data.file_dataset`."""

import shutil
from http import HTTPStatus
from pathlib import Path
from tempfile import mkdtemp
from typing import Self

from pipeyard._transfer import below
from pipeyard.data._expressions import ColumnExpression
from pipeyard.data.abstract_dataset import AbstractDataset
from pipeyard.data.dataset_consumption_config import DOWNLOAD, HDFS, MOUNT, DatasetConsumptionConfig
from pipeyard.exceptions import UserErrorException

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class FileDataset(AbstractDataset):
    """A dataset of files."""

    def to_path(self) -> list[str]:
        """The path of each file below its source, with `/` in front."""
        return [f"/{file.path}" for file in self.list_files()]

    def download(
        self, target_path: str | Path | None = None, overwrite: bool = False, ignore_not_found: bool = False
    ) -> list[str]:
        """Copy the files to a folder of this machine.

        Args:
            target_path: The folder; None means a new temporary one.
            overwrite: Replace files that exist.
            ignore_not_found: Do nothing if the dataset has no files.

        Returns:
            Where each file is.

        Raises:
            UserErrorException: A file exists and `overwrite` is not set, or there are no files.
        """
        root = Path(mkdtemp(prefix="pipeyard-") if target_path is None else target_path).absolute()
        try:
            local = self.fetch_files()
        except UserErrorException as error:
            if ignore_not_found and error.status in {None, HTTPStatus.NOT_FOUND}:
                return []
            raise
        targets = {below(root, file.file.path): file.local for file in local}
        existing = [str(target) for target in targets if target.exists()]
        if existing and not overwrite:
            raise UserErrorException(f"{existing[0]} exists. Use overwrite=True to replace {len(existing)} files.")
        for target, source in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return [str(target) for target in targets]

    def mount(self, mount_point: str | Path | None = None) -> "MountContext":
        """The files as a folder, for a `with` block or between `start()` and `stop()`.

        Nothing is mounted: the files are downloaded to a temporary folder, or to `mount_point`, and removed at the end.
        """
        return MountContext(self, mount_point)

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The dataset as a step's input under a generated name; the script gets the path of the files."""
        return DatasetConsumptionConfig(None, self, MOUNT, path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """The dataset as a step's input under a generated name; the script gets the path of the files."""
        return DatasetConsumptionConfig(None, self, DOWNLOAD, path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """v1's input of Spark steps.

        Raises:
            UserErrorException: Always.
        """
        return DatasetConsumptionConfig(None, self, HDFS)

    def file_metadata(self, col: str) -> ColumnExpression:
        """A fact of files, for `filter`: `Size`, `FileName`, `Extension` or `Path`."""
        from pipeyard._core.file_selection import FILE_COLUMNS  # noqa: PLC0415  (used here only)

        if col not in FILE_COLUMNS:
            raise UserErrorException(f"{col!r} is not known of files, only {', '.join(FILE_COLUMNS)}.")
        return ColumnExpression(col)

    def __len__(self) -> int:
        return len(self.list_files())

    def __bool__(self) -> bool:
        return True


class MountContext:
    """Files of a dataset on this machine for a while.

    Attributes:
        mount_point: The folder.
    """

    def __init__(self, dataset: FileDataset, mount_point: str | Path | None) -> None:
        self._dataset = dataset
        self._made: list[str] = []
        self._own = mount_point is None
        self.mount_point = mkdtemp(prefix="pipeyard-") if mount_point is None else str(mount_point)

    def start(self) -> None:
        """Download the files."""
        self._made = self._dataset.download(self.mount_point, overwrite=self._own)

    def stop(self) -> None:
        """Remove them."""
        if self._own:
            shutil.rmtree(self.mount_point, ignore_errors=True)
        for file in self._made:
            Path(file).unlink(missing_ok=True)
        self._made = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

"""v1's `azureml.data.dataset_factory`: `Dataset.File` and `Dataset.Tabular`."""

import uuid
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._core.dataset_views import DatasetView
from pipeyard._core.datasets import DatasetSource
from pipeyard.data._sources import read_sources, read_target
from pipeyard.data._views import delimited_view, file_view, json_lines_view, parquet_view
from pipeyard.data.abstract_dataset import AbstractDataset
from pipeyard.data.data_type import DataType
from pipeyard.data.file_dataset import FileDataset
from pipeyard.data.tabular_dataset import TabularDataset
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore

# ruff: noqa: FBT001, FBT002  (v1's signatures)

__all__ = ["DataType", "FileDatasetFactory", "TabularDatasetFactory"]


class FileDatasetFactory:
    """Makes datasets of files.

    Where a method takes a `path`, it is one of the following, or a list of them: `(datastore, "path")` with a file, a
    folder or a pattern of `*` and `**`, a `DataPath`, a `DataReference`, or an http or https address. A file of the web
    is downloaded at once and copied to `datasets/web/` of the default datastore, so that the dataset always means the
    same bytes.
    """

    @staticmethod
    def from_files(
        path: Any, validate: bool = True, partition_format: str | None = None, is_file: bool = False
    ) -> FileDataset:
        """A dataset of files.

        Args:
            path: As the class says.
            validate: Check that there are files.
            partition_format: Where in paths the values of columns are, such as `{state}/{store}.csv`.
            is_file: Kept for v1's sake: whether a path names a file is looked up.

        Raises:
            UserErrorException: The path or the format is wrong, or nothing is there.
        """
        del is_file
        view = file_view(partition_format)
        workspace, sources = read_sources(path)
        dataset = FileDataset(view, sources=sources, workspace=workspace)
        _check(dataset, validate=validate)
        return dataset

    @staticmethod
    def upload_directory(
        src_dir: str | Path,
        target: Any,
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload the files below a directory and return their dataset.

        Args:
            src_dir: The directory.
            target: A datastore, a DataPath or `(datastore, path)`.
            pattern: Only files whose path below the directory matches, such as `*.csv`.
            overwrite: Replace files that exist; otherwise they are left alone.
            show_progress: Print a line when it is done.

        Raises:
            UserErrorException: There are no such files.
        """
        root = Path(src_dir)
        if not root.is_dir():
            raise UserErrorException(f"{root} is no directory of this machine.")
        found = sorted(file for file in root.rglob("*") if file.is_file())
        files = [str(file) for file in found if not pattern or fnmatch(file.relative_to(root).as_posix(), pattern)]
        if not files:
            raise UserErrorException(f"{root} has no files{f' that match {pattern!r}' if pattern else ''}.")
        datastore, path = read_target(target)
        datastore.upload_files(files, str(root), path, overwrite=overwrite, show_progress=show_progress)
        return _dataset_at(datastore, path)


class TabularDatasetFactory:
    """Makes datasets of rows. What a `path` is, `FileDatasetFactory` says.

    `set_column_types` takes a `DataType` by column; the other columns' types are inferred.
    """

    @staticmethod
    def from_delimited_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: Mapping[str, Any] | None = None,
        separator: str = ",",
        header: Any = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of delimited text.

        Args:
            path: Files.
            validate: Check that there are files.
            include_path: Add the column `Path`.
            infer_column_types: Otherwise every column is text.
            set_column_types: Types by column.
            separator: One character.
            header: Whether the first row of each file names the columns; otherwise they are Column1, Column2, ...
            partition_format: Where in paths the values of further columns are.
            support_multi_line: Kept for v1's sake: line breaks within quotes are always understood.
            empty_as_string: Empty text is "" instead of a missing value.
            encoding: Of the files.

        Raises:
            UserErrorException: An argument is wrong, or nothing is there.
        """
        view = delimited_view(
            separator=separator,
            header=header,
            partition_format=partition_format,
            include_path=include_path,
            infer_column_types=infer_column_types,
            set_column_types=set_column_types,
            support_multi_line=support_multi_line,
            empty_as_string=empty_as_string,
            encoding=encoding,
        )
        return _tabular(view, path, validate=validate)

    @staticmethod
    def from_parquet_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, Any] | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Rows of Parquet files.

        Raises:
            UserErrorException: An argument is wrong, or nothing is there.
        """
        view = parquet_view(
            partition_format=partition_format, include_path=include_path, set_column_types=set_column_types
        )
        return _tabular(view, path, validate=validate)

    @staticmethod
    def from_json_lines_files(
        path: Any,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: Mapping[str, Any] | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Rows of files with one JSON object per line.

        Args:
            path: Files.
            validate: Check that there are files.
            include_path: Add the column `Path`.
            set_column_types: Types by column.
            partition_format: Where in paths the values of further columns are.
            invalid_lines: `error`, or `drop` to leave out lines that are no objects.
            encoding: Of the files.

        Raises:
            UserErrorException: An argument is wrong, or nothing is there.
        """
        view = json_lines_view(
            partition_format=partition_format,
            include_path=include_path,
            set_column_types=set_column_types,
            invalid_lines=invalid_lines,
            encoding=encoding,
        )
        return _tabular(view, path, validate=validate)

    @staticmethod
    def from_sql_query(*_: object, **__: object) -> TabularDataset:
        """v1's rows of a database.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException(
            "from_sql_query is not offered: the workspace has no databases. Query the database in a step, write the "
            "rows to an OutputFileDatasetConfig as Parquet, and register that."
        )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: Any,
        target: Any,
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Write a pandas DataFrame as Parquet to a datastore and register it, as a new version if the name exists.

        Args:
            dataframe: The rows; its index is not kept.
            target: A datastore, a DataPath or `(datastore, path)`.
            name: To register under.
            description: Of the version.
            tags: Of the version.
            show_progress: Print a line for the upload.
            row_group_size: Rows per group of the file.
            make_target_path_unique: Write to a new folder below the target.

        Raises:
            UserErrorException: It is no DataFrame, or its columns cannot be written.
        """
        from pipeyard.data._evaluation.frame_files import write_frame  # noqa: PLC0415  (loaded when it is used)

        datastore, path = read_target(target)
        place = "/".join(part for part in (path, uuid.uuid4().hex if make_target_path_unique else "") if part)
        write_frame(dataframe, datastore, place, row_group_size=row_group_size, show_progress=show_progress)
        sources = (DatasetSource(datastore=datastore.name, path=place),)
        dataset = TabularDataset(parquet_view(), sources=sources, workspace=datastore.workspace)
        return dataset.register(datastore.workspace, name, description, tags, create_new_version=True)

    @staticmethod
    def register_spark_dataframe(*_: object, **__: object) -> TabularDataset:
        """v1's registration of Spark frames.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException("Spark frames cannot be registered here. Write them as Parquet and upload the files.")

    @staticmethod
    def register_dask_dataframe(*_: object, **__: object) -> TabularDataset:
        """v1's registration of Dask frames.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException("Dask frames cannot be registered here. Write them as Parquet and upload the files.")


def _tabular(view: DatasetView, path: Any, *, validate: bool) -> TabularDataset:
    workspace, sources = read_sources(path)
    dataset = TabularDataset(view, sources=sources, workspace=workspace)
    _check(dataset, validate=validate)
    return dataset


def _check(dataset: AbstractDataset, *, validate: bool) -> None:
    if validate:
        dataset.list_files()


def _dataset_at(datastore: "Datastore", path: str) -> FileDataset:
    sources = (DatasetSource(datastore=datastore.name, path=path),)
    return FileDataset(file_view(), sources=sources, workspace=datastore.workspace)

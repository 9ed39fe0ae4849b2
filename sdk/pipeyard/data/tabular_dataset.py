"""v1's `azureml.data.tabular_dataset`."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from pipeyard.data._expressions import ColumnExpression, DatasetExpression
from pipeyard.data._views import columns_argument
from pipeyard.data.abstract_dataset import AbstractDataset
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.data.file_dataset import FileDataset

# ruff: noqa: FBT001, FBT002  (v1's signatures)

BATCH_ROWS = 100_000
ON_ERROR = ("null", "fail")
OUT_OF_RANGE = ("null", "error")


class TabularDataset(AbstractDataset):
    """A dataset of rows."""

    is_tabular = True

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The column of times, and the one of times in the paths of files."""
        for step in reversed(self._view.transformations):
            if step.operation == "with_timestamp_columns":
                return step.arguments.get("timestamp"), step.arguments.get("partition_timestamp")
        return None, None

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> Any:
        """All rows as a pandas DataFrame.

        Args:
            on_error: `null`: a value that is not of its column's type becomes missing; `fail`: it is an error.
            out_of_range_datetime: `null`: a date that pandas cannot hold becomes missing; `error`: it is an error.

        Raises:
            UserErrorException: The files cannot be read as the dataset says.
        """
        from pipeyard.data._evaluation.frames import to_frame  # noqa: PLC0415  (loaded when it is used)

        strict, strict_dates = _strictness(on_error, out_of_range_datetime)
        return to_frame(self._view, self.fetch_files(), strict=strict, strict_dates=strict_dates)

    def to_batches(
        self, rows: int = BATCH_ROWS, on_error: str = "null", out_of_range_datetime: str = "null"
    ) -> Iterator[Any]:
        """The rows as pandas DataFrames of about `rows` rows each, for data that does not fit into memory.

        A column of integers is int64 in batches without missing values, else float64.
        """
        from pipeyard.data._evaluation.frames import to_frames  # noqa: PLC0415  (loaded when it is used)

        strict, strict_dates = _strictness(on_error, out_of_range_datetime)
        yield from to_frames(self._view, self.fetch_files(), rows, strict=strict, strict_dates=strict_dates)

    def to_dask_dataframe(self, *_: object, **__: object) -> Any:
        """v1's Dask frame.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException(
            "to_dask_dataframe is not offered. Use to_batches() for data that does not fit into memory, or "
            "dask.dataframe.read_parquet over dataset.to_parquet_files().download()."
        )

    def to_spark_dataframe(self) -> Any:
        """v1's Spark frame.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException(
            "to_spark_dataframe is not offered. Use to_pandas_dataframe() or to_batches(), or "
            "spark.read.parquet over dataset.to_parquet_files().download()."
        )

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> Self:
        """These columns only, in this order.

        Raises:
            UserErrorException: `validate` is set and a column does not exist.
        """
        kept = self._step("keep_columns", columns=columns_argument(columns))
        if validate:
            kept.column_types()
        return kept

    def drop_columns(self, columns: str | Sequence[str]) -> Self:
        """All columns but these.

        Raises:
            UserErrorException: One of them is a timestamp column.
        """
        gone = columns_argument(columns)
        stamped = [name for name in self.timestamp_columns if name in gone]
        if stamped:
            raise UserErrorException(f"{stamped[0]!r} is a timestamp column of the dataset and cannot be dropped.")
        return self._step("drop_columns", columns=gone)

    def with_timestamp_columns(
        self, timestamp: str | None = None, partition_timestamp: str | None = None, validate: bool = False, **_: object
    ) -> Self:
        """Name the columns of times, which `time_before` and the like look at.

        Raises:
            UserErrorException: `validate` is set and a column does not exist.
        """
        stamped = self._step("with_timestamp_columns", timestamp=timestamp, partition_timestamp=partition_timestamp)
        if validate:
            stamped.column_types()
        return stamped

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> Self:
        """Rows before a time."""
        del validate
        column = self._time_column()
        return self.filter(column <= end_time if include_boundary else column < end_time)

    def time_after(self, start_time: datetime, include_boundary: bool = True, validate: bool = True) -> Self:
        """Rows after a time."""
        del validate
        column = self._time_column()
        return self.filter(column >= start_time if include_boundary else column > start_time)

    def time_between(
        self, start_time: datetime, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> Self:
        """Rows between two times."""
        after = self.time_after(start_time, include_boundary, validate)
        return after.time_before(end_time, include_boundary, validate)

    def time_recent(self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True) -> Self:
        """Rows of the time up to now: the moment of this call, so that the dataset always means the same rows."""
        now = datetime.fromtimestamp(time.time(), UTC)
        return self.time_after(now - time_delta, include_boundary, validate)

    def to_parquet_files(self, target: Any = None) -> "FileDataset":
        """Write the rows as Parquet and return the written files.

        Args:
            target: A datastore, a DataPath or `(datastore, path)`; None means the default datastore.
        """
        from pipeyard.data._evaluation.writing import ParquetTarget  # noqa: PLC0415  (loaded when it is used)

        return self._written("part-00000.parquet", ParquetTarget(), target)

    def to_csv_files(self, separator: str = ",", target: Any = None) -> "FileDataset":
        """Write the rows as delimited text with a header and return the written files.

        Args:
            separator: Between values.
            target: As for `to_parquet_files`.
        """
        from pipeyard.data._evaluation.writing import CsvTarget  # noqa: PLC0415  (loaded when it is used)

        return self._written("part-00000.csv", CsvTarget(separator=separator), target)

    def partition_by(
        self,
        partition_keys: str | Sequence[str],
        target: Any,
        name: str | None = None,
        show_progress: bool = True,
        partition_as_file_dataset: bool = False,
    ) -> "TabularDataset | FileDataset":
        """Write the rows as one Parquet file for each combination of values of some columns.

        The files are `<target>/<guid>/<value>/.../part.parquet`, with all columns in them.

        Args:
            partition_keys: The columns.
            target: A datastore, a DataPath or `(datastore, path)`.
            name: Register the new dataset under this name, as a new version if it exists.
            show_progress: Print a line for the upload.
            partition_as_file_dataset: Return the files instead of the rows.

        Returns:
            A dataset whose `partition_keys` are these columns.
        """
        from pipeyard.data._writing import write_partitioned  # noqa: PLC0415  (the modules name each other)

        keys = columns_argument(partition_keys)
        written = write_partitioned(self, keys, target, show_progress=show_progress, as_files=partition_as_file_dataset)
        return written if name is None else written.register(self.find_workspace(), name, create_new_version=True)

    def _written(self, file_name: str, kind: Any, target: Any) -> "FileDataset":
        from pipeyard.data._writing import write_whole  # noqa: PLC0415  (the modules name each other)

        return write_whole(self, file_name, kind, target)

    def column_types(self) -> dict[str, str]:
        """The columns in order, with types by DuckDB's names."""
        from pipeyard.data._evaluation.rows import read_rows  # noqa: PLC0415  (loaded when it is used)

        return read_rows(self._view, self.fetch_files(), lambda rows: dict(rows.columns))

    def _time_column(self) -> ColumnExpression:
        named = [name for name in self.timestamp_columns if name]
        if not named:
            raise UserErrorException(
                "The dataset has no timestamp column. Call with_timestamp_columns(timestamp) first."
            )
        return ColumnExpression(named[0])

    def __getitem__(self, key: "str | Sequence[str] | DatasetExpression") -> Any:
        """A column for filter expressions, several columns as a dataset, or the rows of an expression."""
        if isinstance(key, DatasetExpression):
            return self.filter(key)
        return ColumnExpression(key) if isinstance(key, str) else self.keep_columns(key)


def _strictness(on_error: str, out_of_range_datetime: str) -> tuple[bool, bool]:
    if on_error not in ON_ERROR:
        raise UserErrorException(f"on_error is {on_error!r}; it must be 'null' or 'fail'.")
    if out_of_range_datetime not in OUT_OF_RANGE:
        raise UserErrorException(f"out_of_range_datetime is {out_of_range_datetime!r}; it must be 'null' or 'error'.")
    return on_error == "fail", out_of_range_datetime == "error"

"""pandas frames as Parquet files on a datastore."""

from typing import TYPE_CHECKING, Any

from pipeyard.data._evaluation.cache import scratch_folder
from pipeyard.data._evaluation.packages import connect, load_duckdb, load_pandas
from pipeyard.data._evaluation.sql import literal
from pipeyard.data._evaluation.writing import PART, ParquetTarget
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore


def write_frame(
    frame: Any, datastore: "Datastore", place: str, *, row_group_size: int | None, show_progress: bool
) -> None:
    """Write a frame to one file of a folder.

    Raises:
        UserErrorException: It is no frame, or its columns cannot be written.
    """
    duckdb = load_duckdb()
    if not isinstance(frame, load_pandas().DataFrame):
        raise UserErrorException(f"A {type(frame).__name__} is no pandas DataFrame.")
    odd = [str(name) for name in frame.columns if not isinstance(name, str) or not name]
    if odd or frame.columns.has_duplicates or not len(frame.columns):
        raise UserErrorException(
            f"Columns must have different names that are texts; these are {list(frame.columns)!r}."
        )
    options = ParquetTarget(row_group_size=row_group_size).options()
    with scratch_folder() as scratch, connect(str(scratch)) as connection:
        file = scratch / PART
        try:
            connection.register("frame", frame)
            connection.execute(f"COPY (FROM frame) TO {literal(str(file))} ({options})")
        except duckdb.Error as error:
            raise UserErrorException(f"The frame cannot be written as Parquet: {error}") from error
        datastore.upload_files([str(file)], str(scratch), place, overwrite=True, show_progress=show_progress)

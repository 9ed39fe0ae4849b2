"""How the files of a dataset are read, and what is done to the rows: descriptions that nothing evaluates here.

The SDK evaluates them (`pipeyard.data`), lazily; the workspace stores them and puts them into reuse keys.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from .document import Document

ColumnType = Literal["string", "int", "float", "bool", "datetime"]


class DelimitedFormat(Document):
    """Delimited text.

    Attributes:
        header: Whether the first row of each file names the columns.
        column_types: Types by column; others are inferred, unless `infer_column_types` is off: then they are text.
    """

    kind: Literal["delimited"] = "delimited"
    separator: str = Field(default=",", min_length=1, max_length=1)
    header: bool = True
    encoding: str = "utf8"
    infer_column_types: bool = True
    empty_as_string: bool = False
    support_multi_line: bool = False
    column_types: dict[str, ColumnType] = {}


class ParquetFormat(Document):
    """Parquet."""

    kind: Literal["parquet"] = "parquet"
    column_types: dict[str, ColumnType] = {}


class JsonLinesFormat(Document):
    """One JSON object per line.

    Attributes:
        invalid_lines: What to do with a line that is no object.
    """

    kind: Literal["json_lines"] = "json_lines"
    invalid_lines: Literal["error", "drop"] = "error"
    encoding: str = "utf8"
    column_types: dict[str, ColumnType] = {}


FileFormat = Annotated[DelimitedFormat | ParquetFormat | JsonLinesFormat, Field(discriminator="kind")]


class Transformation(Document):
    """One step of a lazily evaluated dataset.

    Attributes:
        operation: Such as `take`, `skip`, `take_sample`, `random_split`, `keep_columns`, `drop_columns`, `filter`.
        arguments: What the operation needs, as plain JSON.
    """

    operation: str = Field(pattern=r"^[a-z_]{1,32}$")
    arguments: dict[str, Any] = {}


class DatasetView(Document):
    """How files become a dataset.

    Attributes:
        format: How rows are read; None: the dataset is files, not rows.
        partition_format: Where in each file's path the values of columns are, such as `{state}/{store}.csv`.
        include_path: Whether rows get a column `Path`.
        transformations: Applied in order.
        partition_keys: Columns by which the files are partitioned.
    """

    format: FileFormat | None = None
    partition_format: str | None = Field(default=None, max_length=1024)
    include_path: bool = False
    transformations: tuple[Transformation, ...] = Field(default=(), max_length=100)
    partition_keys: tuple[str, ...] = ()

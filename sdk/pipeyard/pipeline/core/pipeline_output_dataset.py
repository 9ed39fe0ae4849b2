"""v1's `azureml.pipeline.core.pipeline_output_dataset`: pipeline data that a script reads as a dataset.

`PipelineData("x").as_dataset()` is a file dataset; `parse_delimited_files()` and `parse_parquet_files()` make a
tabular one of it, whose columns can be chosen. Nothing is read while the pipeline is built: the objects collect a view
(`pipeyard._core.dataset_views`), and the reading script's `Run.input_datasets` evaluates it.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pipeyard.pipeline.core.graph import check_port_name
from pipeyard.pipeline.core.pipeline_data import PipelineData

# ruff: noqa: FBT001, FBT002  (v1's signatures)

_COLUMN_TYPES = frozenset({"string", "int", "float", "bool", "datetime"})


class PipelineOutputAbstractDataset:
    """What both kinds share.

    Attributes:
        pipeline_data: The data behind it.
        input_name: Name of the reading step's input.
        mode: `mount`, `download` or `direct`.
        registration: Name and more of the dataset that the finished output becomes, None for none.
    """

    def __init__(self, pipeline_data: PipelineData) -> None:
        if not isinstance(pipeline_data, PipelineData):
            raise TypeError(f"A pipeline output dataset is made of PipelineData, not of {pipeline_data!r}.")
        self.pipeline_data = pipeline_data
        self.input_name = pipeline_data.output_name
        self.mode = "mount"
        self.registration: dict[str, Any] | None = None
        self.view: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Name of the output."""
        return self.pipeline_data.output_name

    def as_named_input(self, name: str) -> Self:
        """The same under another input name."""
        twin = self._twin()
        twin.input_name = check_port_name(name, "an input")
        return twin

    def register(self, name: str, create_new_version: bool = True) -> Self:
        """Register the output as a dataset once its step has finished; every run makes a new version.

        Raises:
            ValueError: `create_new_version` is False: the second run could then never finish.
        """
        if not create_new_version:
            raise ValueError(
                "A step that runs again makes a new version of its dataset: create_new_version must be True."
            )
        twin = self._twin()
        twin.registration = {"name": name}
        return twin

    def _twin(self) -> Self:
        twin = copy.copy(self)
        twin.view = copy.deepcopy(self.view)
        return twin

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.input_name}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class PipelineOutputFileDataset(PipelineOutputAbstractDataset):
    """The files that a step writes."""

    def as_mount(self, path_on_compute: str | None = None) -> "PipelineOutputFileDataset":
        """The reading script gets the path of the files."""
        return self._with_mode("mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> "PipelineOutputFileDataset":
        """The reading script gets the path of the files."""
        return self._with_mode("download", path_on_compute)

    def as_direct(self) -> "PipelineOutputFileDataset":
        """The reading script gets the dataset itself."""
        return self._with_mode("direct", None)

    def parse_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = True,
        partition_format: str | None = None,
        file_extension: str = "",
        set_column_types: Mapping[str, Any] | None = None,
        quoted_line_breaks: bool = False,
    ) -> "PipelineOutputTabularDataset":
        """The rows of delimited text files.

        Args:
            include_path: Add a column with each row's file.
            separator: Between columns.
            header: Whether the first row of each file names the columns.
            partition_format: Where in the paths the values of further columns are.
            file_extension: Accepted for v1's sake: every file is read.
            set_column_types: Types of columns that must not be guessed.
            quoted_line_breaks: Whether values in quotes may hold line breaks.
        """
        del file_extension
        kind = {
            "kind": "delimited",
            "separator": separator,
            "header": _has_header(header),
            "support_multi_line": quoted_line_breaks,
            "column_types": _column_types(set_column_types),
        }
        return PipelineOutputTabularDataset(self, _view(kind, partition_format, include_path=include_path))

    def parse_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        file_extension: str = ".parquet",
        set_column_types: Mapping[str, Any] | None = None,
    ) -> "PipelineOutputTabularDataset":
        """The rows of Parquet files."""
        del file_extension
        kind = {"kind": "parquet", "column_types": _column_types(set_column_types)}
        return PipelineOutputTabularDataset(self, _view(kind, partition_format, include_path=include_path))

    def _with_mode(self, mode: str, path_on_compute: str | None) -> "PipelineOutputFileDataset":
        del path_on_compute  # the workspace chooses the place, and tells the script
        twin = self._twin()
        twin.mode = mode
        return twin


class PipelineOutputTabularDataset(PipelineOutputAbstractDataset):
    """The rows of the files that a step writes; always read in direct mode."""

    def __init__(self, source: PipelineOutputFileDataset, view: Mapping[str, Any]) -> None:
        super().__init__(source.pipeline_data)
        self.input_name = source.input_name
        self.registration = source.registration
        self.mode = "direct"
        self.view = dict(view)

    def keep_columns(self, columns: str | Sequence[str]) -> "PipelineOutputTabularDataset":
        """Only these columns."""
        return self._transformed("keep_columns", {"columns": _names(columns)})

    def drop_columns(self, columns: str | Sequence[str]) -> "PipelineOutputTabularDataset":
        """All columns but these."""
        return self._transformed("drop_columns", {"columns": _names(columns)})

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> "tuple[PipelineOutputTabularDataset, PipelineOutputTabularDataset]":
        """Two parts, the first of about this share of the rows.

        Raises:
            ValueError: The share is not between 0 and 1.
        """
        if not 0 < percentage < 1:
            raise ValueError(f"The share of a split lies between 0 and 1, not {percentage!r}.")
        seed = DEFAULT_SPLIT_SEED if seed is None else seed
        first, second = (
            self._transformed("random_split", {"percentage": percentage, "seed": seed, "part": part}) for part in (0, 1)
        )
        return first, second

    def _transformed(self, operation: str, arguments: dict[str, Any]) -> "PipelineOutputTabularDataset":
        twin = self._twin()
        twin.view["transformations"] = [
            *twin.view.get("transformations", ()),
            {"operation": operation, "arguments": arguments},
        ]
        return twin


DEFAULT_SPLIT_SEED = 0
"""Both parts of a split must agree on it, and a random one would make the step run anew each time."""


def _view(kind: dict[str, Any], partition_format: str | None, *, include_path: bool) -> dict[str, Any]:
    return {"format": kind, "partition_format": partition_format, "include_path": include_path, "transformations": []}


def _has_header(header: Any) -> bool:
    """v1 gives `PromoteHeadersBehavior` members; booleans read better."""
    return header if isinstance(header, bool) else getattr(header, "value", header) not in {0, "no_headers", None}


def _names(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns)


def _column_types(types: Mapping[str, Any] | None) -> dict[str, str]:
    """Names of types; DataType objects say theirs in `kind`."""
    named = {column: str(getattr(value, "kind", value)) for column, value in (types or {}).items()}
    wrong = {column: value for column, value in named.items() if value not in _COLUMN_TYPES}
    if wrong:
        raise ValueError(f"These columns have no known type: {wrong}. Types are {', '.join(sorted(_COLUMN_TYPES))}.")
    return named

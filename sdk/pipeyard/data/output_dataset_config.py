"""v1's `azureml.data.output_dataset_config`: outputs of steps that become datasets."""

import copy
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pipeyard.data.dataset_consumption_config import DIRECT, MOUNT, DatasetConsumptionConfig, check_name
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard._core.dataset_views import DatasetView
    from pipeyard.core.datastore import Datastore

# ruff: noqa: FBT001, FBT002  (v1's signatures)

UPLOAD = "upload"
DEFAULT_PATH = "dataset/{run-id}/{output-name}"
NAME_DIGITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Under what name an output is registered once its step has finished."""

    name: str
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Origin:
    """Shared by all copies of a config, so that a reader finds the step that writes the output.

    Attributes:
        maker: The step, once there is one.
    """

    def __init__(self) -> None:
        self.maker: Any = None

    def __deepcopy__(self, memo: object) -> "Origin":
        return self


class OutputDatasetConfig:
    """What all output configs share. Methods that change one return a changed deep copy: keep what they return.

    Attributes:
        name: Of the step's output; also the environment variable that holds its path.
        origin: The same for all copies of a config.
        registration: Set by `register_on_complete`.
    """

    def __init__(self, name: str | None = None, destination: "tuple[Datastore, str] | None" = None) -> None:
        self.name = check_name(f"output_{uuid.uuid4().hex[:NAME_DIGITS]}" if name is None else name)
        self.destination = destination
        self.origin = Origin()
        self.registration: Registration | None = None
        self.mode = MOUNT
        self._view: DatasetView | None = None
        self.place()  # a wrong destination is told where it is written

    def register_on_complete(
        self, name: str, description: str | None = None, tags: Mapping[str, str] | None = None
    ) -> Self:
        """A copy that is registered as a new version of a dataset when its step has finished."""
        if not isinstance(name, str) or not name:
            raise UserErrorException("register_on_complete needs the name of a dataset.")
        changed = self._copy()
        changed.registration = Registration(name=name, description=description, tags=dict(tags or {}))
        return changed

    def place(self) -> tuple[str | None, str]:
        """Datastore (None: the pipeline's default) and path, with v1's placeholders.

        Raises:
            UserErrorException: The destination is no `(datastore, path)`.
        """
        if self.destination is None:
            return None, DEFAULT_PATH
        try:
            datastore, path = self.destination
            name = datastore.name
        except (TypeError, ValueError, AttributeError):
            raise UserErrorException(
                f"The destination of the output {self.name!r} must be (datastore, 'path'), not {self.destination!r}."
            ) from None
        return name, (path or DEFAULT_PATH).strip("/")

    def view_document(self) -> dict[str, Any] | None:
        """How readers see the files; None: as plain files."""
        if self._view is None:
            return None
        document: dict[str, Any] = self._view.model_dump(mode="json")
        return document

    def as_input(self, name: str | None = None) -> DatasetConsumptionConfig:
        """The output as another step's input; named as the output unless `name` is given."""
        mode = DIRECT if self._view is not None and self._view.format is not None else MOUNT
        return DatasetConsumptionConfig(name or self.name, self, mode)

    def _copy(self) -> Self:
        # Datastores hold connections: they are shared, everything else is copied.
        return copy.deepcopy(self, {id(self.destination): self.destination})

    def __str__(self) -> str:
        return f"DatasetOutputConfig:{self.name}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class _ModesMixin(OutputDatasetConfig):
    """`as_mount` and `as_upload`: either way the files are uploaded when the script has ended."""

    def as_mount(self, disable_metadata_cache: bool = False) -> Self:
        """A copy in the mode `mount`."""
        del disable_metadata_cache
        changed = self._copy()
        changed.mode = MOUNT
        return changed

    def as_upload(self, overwrite: bool = False, source_globs: Sequence[str] | str | None = None) -> Self:
        """A copy in the mode `upload`. Files of the same name are replaced, `overwrite` or not.

        Raises:
            UserErrorException: `source_globs` is given.
        """
        del overwrite
        if source_globs:
            raise UserErrorException(
                "source_globs is not offered: everything that the script writes to the output's path is uploaded. "
                "Write only what you want to keep there."
            )
        changed = self._copy()
        changed.mode = UPLOAD
        return changed


class OutputFileDatasetConfig(_ModesMixin):
    """An output of a step that is a dataset of files.

    Attributes:
        destination: `(datastore, path)` with `{run-id}` and `{output-name}` filled in; None means
            `dataset/{run-id}/{output-name}` on the pipeline's default datastore.
        source: Kept for v1's sake: scripts write to the path that they are given.
    """

    def __init__(
        self,
        name: str | None = None,
        destination: "tuple[Datastore, str] | None" = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        super().__init__(name, destination)
        self.source = source
        if partition_format:
            from pipeyard.data._views import file_view  # noqa: PLC0415  (pydantic is loaded when it is used)

            self._view = file_view(partition_format)

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: Any = True,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, Any] | None = None,
    ) -> "OutputTabularDatasetConfig":
        """The output as rows of delimited files.

        Raises:
            UserErrorException: An option cannot be, or a pattern is given.
        """
        from pipeyard.data._views import delimited_view  # noqa: PLC0415  (pydantic is loaded when it is used)

        self._refuse_glob(path_glob)
        view = delimited_view(
            include_path=include_path,
            separator=separator,
            header=header,
            partition_format=partition_format,
            set_column_types=set_column_types,
        )
        return OutputTabularDatasetConfig(output_file_dataset_config=self, view=view)

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, Any] | None = None,
    ) -> "OutputTabularDatasetConfig":
        """The output as rows of Parquet files.

        Raises:
            UserErrorException: An option cannot be, or a pattern is given.
        """
        from pipeyard.data._views import parquet_view  # noqa: PLC0415  (pydantic is loaded when it is used)

        self._refuse_glob(path_glob)
        view = parquet_view(
            include_path=include_path, partition_format=partition_format, set_column_types=set_column_types
        )
        return OutputTabularDatasetConfig(output_file_dataset_config=self, view=view)

    def _refuse_glob(self, path_glob: str | None) -> None:
        if path_glob:
            raise UserErrorException(
                f"path_glob is not offered: every file of the output {self.name!r} is read. "
                "Write files of another kind to an output of their own."
            )


class OutputTabularDatasetConfig(_ModesMixin):
    """An output of a step that is a dataset of rows: what `read_delimited_files` of a file output gives."""

    def __init__(self, *, output_file_dataset_config: OutputFileDatasetConfig, view: "DatasetView") -> None:
        super().__init__(output_file_dataset_config.name, output_file_dataset_config.destination)
        self.origin = output_file_dataset_config.origin
        self.registration = output_file_dataset_config.registration
        self.mode = output_file_dataset_config.mode
        self._view: DatasetView = view

    def keep_columns(self, columns: str | Sequence[str]) -> "OutputTabularDatasetConfig":
        """A copy with these columns only."""
        from pipeyard.data._views import columns_argument  # noqa: PLC0415  (pydantic is loaded when it is used)

        return self._with_step("keep_columns", columns=columns_argument(columns))

    def drop_columns(self, columns: str | Sequence[str]) -> "OutputTabularDatasetConfig":
        """A copy without these columns."""
        from pipeyard.data._views import columns_argument  # noqa: PLC0415  (pydantic is loaded when it is used)

        return self._with_step("drop_columns", columns=columns_argument(columns))

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> "tuple[OutputTabularDatasetConfig, OutputTabularDatasetConfig]":
        """Two copies: about so many of the rows (0.0 to 1.0), and the others."""
        from pipeyard.data._sampling import split_arguments  # noqa: PLC0415  (loaded when it is used)

        first, second = split_arguments(percentage, seed)
        return self._with_step("random_split", **first), self._with_step("random_split", **second)

    def _with_step(self, operation: str, **arguments: Any) -> "OutputTabularDatasetConfig":
        from pipeyard.data._views import with_step  # noqa: PLC0415  (pydantic is loaded when it is used)

        changed = self._copy()
        changed._view = with_step(self._view, operation, **arguments)  # noqa: SLF001  (of its own class)
        return changed


class HDFSOutputDatasetConfig(OutputDatasetConfig):
    """An output of a Spark step; it is written and read as any other output."""


class LinkFileOutputDatasetConfig(OutputDatasetConfig):
    """v1's output that a script links to a dataset of its own.

    Raises:
        UserErrorException: Always.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        raise UserErrorException(
            f"The output {name!r} would be linked to a dataset by its script, which is not offered. "
            "Use OutputFileDatasetConfig, or register the dataset in the script with dataset.register()."
        )


class LinkTabularOutputDatasetConfig(LinkFileOutputDatasetConfig):
    """As `LinkFileOutputDatasetConfig`."""

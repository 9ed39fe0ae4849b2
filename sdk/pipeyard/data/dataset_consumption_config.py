"""v1's `azureml.data.dataset_consumption_config`: how a step gets a dataset."""

import re
import uuid
from typing import Any

from pipeyard.exceptions import UserErrorException

DIRECT, MOUNT, DOWNLOAD, HDFS = "direct", "mount", "download", "hdfs"
MODES = (DIRECT, MOUNT, DOWNLOAD, HDFS)
NAME_PATTERN = re.compile(r"[a-zA-Z_]+[a-zA-Z0-9_]*")
ID_DIGITS = 8


def check_name(name: str) -> str:
    """The same name, once it is known to be one.

    Raises:
        UserErrorException: No environment variable could be called so.
    """
    if not isinstance(name, str) or not NAME_PATTERN.fullmatch(name):
        raise UserErrorException(
            f"{name!r} cannot name a dataset's input or output: use letters, digits and underscores, "
            "and no digit first."
        )
    return name


class DatasetConsumptionConfig:
    """A dataset as a step's input.

    Attributes:
        name: Of the input: the key in `run.input_datasets`, and the environment variable that holds path or id.
        dataset: A dataset, a pipeline parameter whose default is one, or another step's output config.
        mode: `direct` (the script gets the dataset), `mount` or `download` (it gets the path of the files).
        path_on_compute: Kept for v1's sake; the workspace chooses the place.
    """

    def __init__(
        self,
        name: str | None,
        dataset: Any,
        mode: str = DIRECT,
        path_on_compute: str | None = None,
    ) -> None:
        if mode not in MODES:
            raise UserErrorException(f"{mode!r} is no mode of a dataset. Use one of {', '.join(MODES)}.")
        if mode == HDFS:
            raise UserErrorException("The mode 'hdfs' needs a Spark pool, which no step has here. Use 'mount' instead.")
        self.dataset = _dataset_of(dataset)
        self.name = check_name(_default_name(self.dataset) if name is None else name)
        self.mode = mode
        self.path_on_compute = path_on_compute
        if mode != DIRECT and _is_tabular(self.dataset):
            raise UserErrorException(
                f"A TabularDataset can only be given to a step in the mode 'direct', not {mode!r}: it is rows, "
                "not files. Use a FileDataset for files."
            )

    def as_mount(self, path_on_compute: str | None = None) -> "DatasetConsumptionConfig":
        """A copy whose script gets the path of the files."""
        return DatasetConsumptionConfig(self.name, self.dataset, MOUNT, path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> "DatasetConsumptionConfig":
        """A copy whose script gets the path of the files."""
        return DatasetConsumptionConfig(self.name, self.dataset, DOWNLOAD, path_on_compute)

    def as_hdfs(self) -> "DatasetConsumptionConfig":
        """v1's input of Spark steps.

        Raises:
            UserErrorException: Always.
        """
        return DatasetConsumptionConfig(self.name, self.dataset, HDFS)

    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"

    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig(name={self.name!r}, mode={self.mode!r})"


def _dataset_of(given: Any) -> Any:
    from pipeyard.data._documents import is_output, is_parameter  # noqa: PLC0415  (the modules name each other)

    if isinstance(given, tuple):
        from pipeyard.core.dataset import Dataset  # noqa: PLC0415  (as above)

        return Dataset.get_by_name(*given)
    dataset = given.default_value if is_parameter(given) else given
    if _is_dataset(dataset) or is_output(dataset):
        return given
    raise UserErrorException(
        f"A {type(dataset).__name__} is no dataset. Give a FileDataset, a TabularDataset, a PipelineParameter whose "
        "default is one, a step's output config, or (workspace, name, version)."
    )


def _is_dataset(value: Any) -> bool:
    from pipeyard.data.abstract_dataset import AbstractDataset  # noqa: PLC0415  (the modules name each other)

    return isinstance(value, AbstractDataset)


def _is_tabular(value: Any) -> bool:
    from pipeyard.data._documents import is_output, is_parameter  # noqa: PLC0415  (the modules name each other)

    dataset = value.default_value if is_parameter(value) else value
    if is_output(dataset):
        view = dataset.view_document()
        return view is not None and view.get("format") is not None
    return bool(dataset.is_tabular)


def _default_name(dataset: Any) -> str:
    known = getattr(dataset, "known_id", None)
    return f"input__{(known or uuid.uuid4().hex)[:ID_DIGITS]}"

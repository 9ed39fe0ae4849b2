"""v1's `azureml.data.abstract_dataset`: what datasets of files and of rows share."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pipeyard.data._evaluation.files import DataFile, FileSource, LocalFile, WorkspaceSource, chosen_files
from pipeyard.data._evaluation.partition_format import PartitionFormat, Value
from pipeyard.data._known_dataset import KnownDataset
from pipeyard.data._sampling import count_argument, sample_arguments, split_arguments
from pipeyard.data._views import with_step
from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.data._expressions import DatasetExpression
    from pipeyard.data.dataset_diff import DatasetDiff
    from pipeyard.data.dataset_profile import DatasetProfile


class AbstractDataset(KnownDataset):
    """Files on datastores and how they are read. Nothing is read before it is asked for.

    Transformations return new datasets; this one stays as it is.
    """

    is_tabular = False

    @property
    def data_changed_time(self) -> datetime | None:
        """When the files changed last: None, for datastores do not tell. `diff` shows what changed between versions."""
        return None

    @property
    def partition_keys(self) -> list[str]:
        """Columns whose values are in the paths of the files."""
        return list(self._view.partition_keys)

    def as_named_input(self, name: str) -> DatasetConsumptionConfig:
        """The dataset as a step's input of this name.

        Raises:
            UserErrorException: The name cannot be one.
        """
        return DatasetConsumptionConfig(name, self)

    def get_partition_key_values(self, partition_keys: Sequence[str] | None = None) -> list[dict[str, Value]]:
        """The combinations of values that the paths of the files have, each once.

        Raises:
            UserErrorException: The dataset is not partitioned, or not by these keys.
        """
        chosen = list(partition_keys or self.partition_keys)
        unknown = [key for key in chosen if key not in self.partition_keys]
        if unknown or not self._view.partition_format:
            known = ", ".join(self.partition_keys) or "nothing"
            raise UserErrorException(
                f"The dataset is partitioned by {known}, not by {', '.join(unknown) or 'columns'}."
            )
        matched = PartitionFormat(self._view.partition_format)
        found: dict[tuple[Value, ...], None] = {}
        for file in self.list_files():
            values = matched.match(file.name)
            found[tuple(values[key] for key in chosen)] = None
        return [dict(zip(chosen, values, strict=True)) for values in found]

    def skip(self, count: int) -> Self:
        """All but the first ones."""
        return self._step("skip", count=count_argument("skip", count))

    def take(self, count: int) -> Self:
        """The first ones."""
        return self._step("take", count=count_argument("take", count))

    def take_sample(self, probability: float, seed: int | None = None) -> Self:
        """Each with this probability. The choice stays the same for one dataset object, and for one seed."""
        return self._step("take_sample", **sample_arguments(probability, seed))

    def random_split(self, percentage: float, seed: int | None = None) -> tuple[Self, Self]:
        """About so many (0.0 to 1.0) at random, and all the others. The same seed gives the same halves."""
        first, second = split_arguments(percentage, seed)
        return self._step("random_split", **first), self._step("random_split", **second)

    def filter(self, expression: "DatasetExpression") -> Self:
        """Those for which an expression is true, such as `dataset["price"] > 5`.

        Raises:
            UserErrorException: It is no expression.
        """
        document = getattr(expression, "document", None)
        if document is None:
            raise UserErrorException(f"{expression!r} is no filter expression. Write such as dataset['price'] > 5.")
        return self._step("filter", expression=document)

    def get_profile(self, *, refresh: bool = False) -> "DatasetProfile":
        """What the dataset holds: files, columns, and statistics of each column.

        It is computed here once and kept with the dataset in the workspace, where it is found again as long as the
        files are the same.

        Args:
            refresh: Compute it again in any case.
        """
        from pipeyard.data._profiles import profile_of  # noqa: PLC0415  (the modules name each other)

        return profile_of(self, refresh=refresh)

    def diff(self, other: "AbstractDataset | int | str") -> "DatasetDiff":
        """What is different in this dataset since another one.

        Of this dataset, the files of today count. A registered version that it is compared with is known by the profile
        that was kept of it, if there is one: that tells what it was, even where its files were overwritten since.

        Args:
            other: A dataset, or the number of another version of this one.

        Raises:
            UserErrorException: A version is asked for, but the dataset is not registered.
        """
        from pipeyard.data._profiles import diff_of  # noqa: PLC0415  (the modules name each other)

        return diff_of(other if isinstance(other, AbstractDataset) else self._other_version(other), self)

    def _other_version(self, version: int | str) -> "AbstractDataset":
        name = self._registered()["name"]
        if name is None or self._workspace is None:
            raise UserErrorException("The dataset is not registered, so that it has no other versions.")
        from pipeyard.core.dataset import Dataset  # noqa: PLC0415  (the modules name each other)

        return Dataset.get_by_name(self._workspace, name, version)

    def list_files(self) -> list[DataFile]:
        """The files, of a file dataset those that its transformations leave.

        Raises:
            UserErrorException: There are none.
        """
        files = chosen_files(self._view, self._file_source())
        if not files:
            raise UserErrorException(f"{self._places()} has no files (any more).")
        return files

    def fetch_files(self) -> list[LocalFile]:
        """The files on this machine: those that are not here yet are downloaded."""
        return self._file_source().fetch(self.list_files())

    def _file_source(self) -> FileSource:
        if self._given_files is None:
            self._given_files = WorkspaceSource(self.find_workspace(), self.definition)
        return self._given_files

    def _step(self, operation: str, **arguments: Any) -> Self:
        return self._copy(with_step(self._view, operation, **arguments))

    def __repr__(self) -> str:
        called = f"{self.name!r}, version {self.version}" if self.name else f"id={self.known_id!r}"
        return f"{type(self).__name__}({called}, source={self._places()!r})"

"""v1's `azureml.data.datapath`: a place on a datastore, and how a step gets at it."""

import uuid
from typing import TYPE_CHECKING

from pipeyard._checks import require_datastore
from pipeyard.data.data_reference import DataReference, check_mode

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore

# ruff: noqa: FBT001, FBT002  (v1's signatures)

RANDOM_DIGITS = 8


class DataPath:
    """A file, a folder or a pattern on a datastore.

    Attributes:
        datastore: Where it is.
        path_on_datastore: Path; None means the whole datastore.
        name: For inputs that are made of it.
    """

    def __init__(
        self,
        datastore: "Datastore | None" = None,
        path_on_datastore: str | None = None,
        name: str | None = None,
    ) -> None:
        require_datastore(datastore, "A DataPath")
        assert datastore is not None  # noqa: S101  (just checked)
        self.datastore = datastore
        self.path_on_datastore = path_on_datastore
        self.name = name or f"{datastore.name}_{uuid.uuid4().hex[:RANDOM_DIGITS]}"

    @property
    def datastore_name(self) -> str:
        """Name of the datastore."""
        return self.datastore.name

    def create_data_reference(
        self,
        data_reference_name: str | None = None,
        datapath_compute_binding: "DataPathComputeBinding | None" = None,
    ) -> DataReference:
        """The same place as a step's input."""
        binding = datapath_compute_binding or DataPathComputeBinding()
        return DataReference(
            datastore=self.datastore,
            data_reference_name=data_reference_name or self.name,
            path_on_datastore=self.path_on_datastore,
            mode=binding.mode,
            path_on_compute=binding.path_on_compute,
            overwrite=binding.overwrite,
        )

    def __eq__(self, other: object) -> bool:
        """Whether both name the same place."""
        if not isinstance(other, DataPath):
            return NotImplemented
        return (self.datastore_name, self.path_on_datastore) == (other.datastore_name, other.path_on_datastore)

    def __hash__(self) -> int:
        return hash((self.datastore_name, self.path_on_datastore))

    def __repr__(self) -> str:
        return f"DataPath({self.datastore_name}, {self.path_on_datastore!r})"


class DataPathComputeBinding:
    """How a step gets at a DataPath.

    Attributes:
        mode: `mount`, `download` or `upload`. All of them place the files on the compute before the script starts.
        path_on_compute: Kept for v1's sake; the workspace chooses the place.
        overwrite: Kept for v1's sake.
    """

    def __init__(self, mode: str = "mount", path_on_compute: str | None = None, overwrite: bool = False) -> None:
        self.mode = check_mode(mode)
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    def __repr__(self) -> str:
        return f"DataPathComputeBinding(mode={self.mode!r})"

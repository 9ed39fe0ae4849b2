"""v1's `azureml.data.data_reference`."""

import re
import uuid
from typing import TYPE_CHECKING

from pipeyard._checks import require_datastore
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore

# ruff: noqa: FBT001, FBT002  (v1's signatures)

NAME_PATTERN = re.compile(r"\w{1,128}")
MODES = ("mount", "download", "upload")


def check_mode(mode: str) -> str:
    """The same mode, once it is known to be one.

    Raises:
        UserErrorException: It is none.
    """
    if mode not in MODES:
        raise UserErrorException(f"{mode!r} is no mode of a data reference. Use one of {', '.join(MODES)}.")
    return mode


class DataReference:
    """Files on a datastore that a step reads.

    Attributes:
        datastore: Where they are.
        data_reference_name: Name of the step's input.
        path_on_datastore: A file, or a folder with everything below it; "" means the whole datastore.
        mode: `mount`, `download` or `upload`. All of them place the files on the compute before the script starts.
        path_on_compute: Kept for v1's sake; the workspace chooses the place.
        overwrite: Kept for v1's sake.
    """

    def __init__(
        self,
        datastore: "Datastore",
        data_reference_name: str | None = None,
        path_on_datastore: str | None = None,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool = False,
    ) -> None:
        require_datastore(datastore, "A DataReference")
        default = uuid.uuid4().hex if path_on_datastore else datastore.name
        self.datastore = datastore
        self.data_reference_name = data_reference_name or default
        self.path_on_datastore = path_on_datastore or ""
        self.mode = check_mode(mode)
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite
        if not NAME_PATTERN.fullmatch(self.data_reference_name):
            raise UserErrorException(
                f"{self.data_reference_name!r} cannot name a data reference: use letters, digits and underscores."
            )

    @property
    def name(self) -> str:
        """Name of the step's input."""
        return self.data_reference_name

    @classmethod
    def at(cls, datastore: "Datastore", path: str | None, name: str | None) -> "DataReference":
        """A reference with v1's default names: the datastore's for all of it, a random one for a path."""
        return cls(datastore=datastore, data_reference_name=name, path_on_datastore=path)

    def path(self, path: str | None = None, data_reference_name: str | None = None) -> "DataReference":
        """A reference to a path below this one."""
        below = "/".join(part.strip("/") for part in (self.path_on_datastore, path or "") if part)
        return DataReference(self.datastore, data_reference_name or uuid.uuid4().hex, below)

    def as_mount(self) -> "DataReference":
        """The same files, mounted."""
        return self._with_mode("mount", None, overwrite=False)

    def as_download(self, path_on_compute: str | None = None, overwrite: bool = False) -> "DataReference":
        """The same files, downloaded."""
        return self._with_mode("download", path_on_compute, overwrite=overwrite)

    def as_upload(self, path_on_compute: str | None = None, overwrite: bool = False) -> "DataReference":
        """The same place, to be written. A step's input is read only here: write to an output instead."""
        return self._with_mode("upload", path_on_compute, overwrite=overwrite)

    def _with_mode(self, mode: str, path_on_compute: str | None, *, overwrite: bool) -> "DataReference":
        return DataReference(
            self.datastore, self.data_reference_name, self.path_on_datastore, mode, path_on_compute, overwrite
        )

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

    def __repr__(self) -> str:
        return f"DataReference({self.datastore.name}, {self.path_on_datastore!r}, name={self.data_reference_name!r})"

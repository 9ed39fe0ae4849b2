"""v1's `azureml.data.data_reference`."""

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore

NAME_PATTERN = re.compile(r"\w{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataReference:
    """Files on a datastore that a step reads.

    Attributes:
        datastore: Where they are.
        data_reference_name: Name of the step's input.
        path_on_datastore: A file, or a folder with everything below it; "" means the whole datastore.
    """

    datastore: "Datastore"
    data_reference_name: str
    path_on_datastore: str

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.data_reference_name):
            raise UserErrorException(
                f"{self.data_reference_name!r} cannot name a data reference: use letters, digits and underscores."
            )

    @classmethod
    def at(cls, datastore: "Datastore", path: str | None, name: str | None) -> "DataReference":
        """A reference with v1's default names: the datastore's for all of it, a random one for a path."""
        default = uuid.uuid4().hex if path else datastore.name
        return cls(datastore=datastore, data_reference_name=name or default, path_on_datastore=path or "")

    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.data_reference_name}"

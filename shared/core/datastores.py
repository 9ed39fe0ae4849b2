"""Datastores as the workspace keeps them: where files lie and with which right they are reached."""

from typing import ClassVar, Literal

from pydantic import Field

from .catalogue import CatalogueRecord

DatastoreType = Literal["azure_blob", "azure_file", "azure_data_lake_gen2", "local_folder"]
Credential = Literal["workspace", "identity", "account_key", "sas_token"]
"""Whose right opens it: the workspace's own (its account, its machine), the app's identity on another account, the
other account's key, or a token that its owner signed."""

NAME_PATTERN = r"^[A-Za-z0-9_]{1,128}$"


class Datastore(CatalogueRecord):
    """A named place for files.

    Attributes:
        account_name: Storage account; None for a folder.
        container: Container, share or file system; None for a folder.
        endpoint: Base URL of the account's service where it is not the public cloud's.
        path: Absolute path of a folder.
        secret_name: Name of the secret that holds key or token; the value itself is in no record.
        created_at: "" for those that every workspace has.
    """

    kind: ClassVar[str] = "datastore"
    label: ClassVar[str] = "datastore"

    name: str = Field(pattern=NAME_PATTERN)
    type: DatastoreType
    account_name: str | None = None
    container: str | None = None
    endpoint: str | None = None
    path: str | None = None
    description: str = ""
    credential: Credential
    secret_name: str | None = None
    created_at: str = ""

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


class DefaultDatastore(CatalogueRecord):
    """Which datastore is the default; there is one such record at most."""

    kind: ClassVar[str] = "default_datastore"
    label: ClassVar[str] = "default datastore"

    name: str

    @property
    def key(self) -> str:
        """Always the same."""
        return DEFAULT_KEY


DEFAULT_KEY = "default"

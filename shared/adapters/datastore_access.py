"""Datastores by their records: which class, account and right. Opened ones are kept, with their connections."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
from azure.storage.fileshare import ShareClient

from shared.adapters.azure_transport import PooledTransport
from shared.adapters.datastores.azure_blob import AzureBlobDatastore
from shared.adapters.datastores.azure_file import AzureFileDatastore
from shared.adapters.datastores.local_folder import LocalFolderDatastore
from shared.adapters.file_signing import FileKeySigner, GivenFileToken
from shared.adapters.storage.blobs import AzureBlobStore
from shared.core import names
from shared.core.datastores import Datastore
from shared.core.errors import NotFound
from shared.ports.blobs import BlobStore
from shared.ports.clock import Clock
from shared.ports.datastores import DatastoreFiles
from shared.ports.secrets import SecretStore

MAX_OPEN = 256
FILE_STORE_SECRET = "datastore-workspacefilestore"  # noqa: S105 - a secret's name
"""Holds the account key with which a workspace's own share is reached."""


class Datastores:
    """The `DatastoreAccess` port.

    Args:
        blobs: The workspace's own account.
        account_name: Its name, for people.
        file_store: What is behind `workspacefilestore`: an absolute path or the URL of a share.
        credential: The app's identity; None in a local workspace.
        local: Whether jobs run on this machine, so that folders of it can be datastores.
    """

    def __init__(
        self,
        blobs: BlobStore,
        secrets: SecretStore,
        clock: Clock,
        *,
        account_name: str | None,
        file_store: str | None,
        credential: TokenCredential | None,
        local: bool,
    ) -> None:
        self._blobs = blobs
        self._secrets = secrets
        self._clock = clock
        self._credential = credential
        self._local = local
        self._open: dict[tuple[Datastore, str | None], DatastoreFiles] = {}
        blob_store = Datastore(
            name=names.DEFAULT_DATASTORE,
            type="azure_blob",
            account_name=account_name,
            container=names.DEFAULT_DATASTORE_CONTAINER,
            description="Blobs of the workspace's own account.",
            credential="workspace",
        )
        self.built_in = (blob_store, *([] if file_store is None else [_file_store(file_store)]))

    def check(self, record: Datastore) -> str | None:
        """Why this workspace cannot use such a datastore."""
        if record.type == "local_folder":
            return None if self._local else "Folders are for local workspaces: jobs in Azure do not see this disk."
        if record.credential != "identity":
            return None
        if record.type == "azure_file":
            return "A share needs an account key or a SAS token: addresses of its files are signed with one."
        if self._credential is None:
            return "A local workspace has no identity in Azure: give an account key or a SAS token."
        return None

    def open(self, record: Datastore) -> DatastoreFiles:
        """The files of a datastore."""
        secret = None if record.secret_name is None else self._secrets.get(record.secret_name)
        if record.secret_name is not None and secret is None:
            raise NotFound(
                f"The workspace has no secret `{record.secret_name}`, with which datastore `{record.name}` is opened. "
                "Register it again; the key of the workspace's own share is put there by hand."
            )
        key = (record.model_copy(update={"etag": None}), secret)
        found = self._open.get(key)
        if found is None:
            if len(self._open) >= MAX_OPEN:
                self._open.clear()
            found = self._open[key] = self._make(record, secret or "")
        return found

    def close(self) -> None:
        """Close the connections of every datastore that was opened; the workspace's own account stays open."""
        for opened in self._open.values():
            opened.close()
        self._open.clear()

    def _make(self, record: Datastore, secret: str) -> DatastoreFiles:
        if record.type == "local_folder":
            if not self._local:  # whatever the record says and whoever wrote it
                raise NotFound(f"Datastore `{record.name}` is a folder, and folders are for local workspaces.")
            return LocalFolderDatastore(Path(record.path or ""))
        container = record.container or ""
        if record.type == "azure_file":
            return _open_share(record, container, secret, self._clock)
        if record.credential == "workspace":
            return AzureBlobDatastore(self._blobs, container, container)
        endpoint = record.endpoint or f"https://{record.account_name}.blob.core.windows.net"
        hierarchical = record.type == "azure_data_lake_gen2"
        if record.credential == "identity" and self._credential is not None:
            blobs = AzureBlobStore.from_identity(endpoint, self._credential, self._clock, hierarchical=hierarchical)
        elif record.credential == "account_key":
            account = record.account_name or ""
            blobs = AzureBlobStore.from_account_key(endpoint, account, secret, self._clock, hierarchical=hierarchical)
        else:
            blobs = AzureBlobStore.from_token(endpoint, secret, hierarchical=hierarchical)
        return AzureBlobDatastore(blobs, container, f"{endpoint.partition('://')[2]}/{container}", blobs.close)


def _file_store(place: str) -> Datastore:
    """The record of `workspacefilestore`."""
    name, description = names.FILE_DATASTORE, "Files of the workspace."
    if "://" not in place:
        return Datastore(name=name, type="local_folder", path=place, description=description, credential="workspace")
    parts = urlsplit(place)
    return Datastore(
        name=name,
        type="azure_file",
        account_name=(parts.hostname or "").partition(".")[0],
        container=parts.path.strip("/"),
        endpoint=f"{parts.scheme}://{parts.netloc}",
        description=description,
        credential="account_key",
        secret_name=FILE_STORE_SECRET,
    )


def _open_share(record: Datastore, share: str, secret: str, clock: Clock) -> DatastoreFiles:
    endpoint = record.endpoint or f"https://{record.account_name}.file.core.windows.net"
    options: dict[str, Any] = {"transport": PooledTransport("file"), "logging_enable": False}
    if record.credential == "sas_token":
        client = ShareClient(endpoint, share, credential=AzureSasCredential(secret), **options)
        return AzureFileDatastore(client, GivenFileToken(secret))
    account = record.account_name or ""
    client = ShareClient(endpoint, share, credential=AzureNamedKeyCredential(account, secret), **options)
    allow_http = endpoint.startswith("http:")
    return AzureFileDatastore(client, FileKeySigner(account, secret, clock, allow_http=allow_http))

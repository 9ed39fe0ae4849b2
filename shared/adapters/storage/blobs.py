"""Azure Blob Storage as the `BlobStore` port."""

import hashlib
import threading
import time
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential, TokenCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import (
    BlobProperties,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    LinearRetry,
)

from shared.adapters import blob_sweeping
from shared.adapters.azure_errors import error_code, translated
from shared.adapters.azure_transport import RETRIES, PooledTransport, TransactionCounter, require_account_key
from shared.adapters.blob_signing import BlobSigner, GivenToken, SasSigner
from shared.core.errors import Conflict, StorageUnavailable
from shared.ports.blobs import BlobInfo
from shared.ports.clock import Clock

MAX_RANGE_BYTES = 16 * 1024 * 1024
"""A range is read in one request, so that it is of one version of the blob."""
READ = "r"
CREATE_AND_WRITE = "cw"
READ_CREATE_AND_WRITE = "rcw"
CREATE_APPEND_AND_WRITE = "acw"
RANGE_NOT_SATISFIABLE = 416
LIST_PAGE = 5000
DELETE_BATCH = 256
"""What storage takes in one request."""
COPY_VALIDITY = timedelta(hours=1)
COPY_PAUSE_SECONDS = 0.5


class AzureBlobStore:
    """The `BlobStore` port on Azure Blob Storage.

    Args:
        service: Client of the account.
        signer: Signs addresses of it.
        hierarchical: The account has real folders (Data Lake Storage Gen2), which listings show as empty blobs.
    """

    def __init__(self, service: BlobServiceClient, signer: BlobSigner, *, hierarchical: bool = False) -> None:
        self._service = service
        self._signer = signer
        self._hierarchical = hierarchical
        self._endpoint = service.url.partition("?")[0].rstrip("/")
        self._containers: dict[str, ContainerClient] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_connection_string(
        cls, connection_string: str, clock: Clock, counter: TransactionCounter | None = None
    ) -> Self:
        """Blobs of an account by its key: Azurite and tests."""
        require_account_key(connection_string)
        service = BlobServiceClient.from_connection_string(connection_string, **_options(counter))
        account_key = service.credential.account_key
        allow_http = service.scheme == "http"
        signer = SasSigner(str(service.account_name), clock, account_key=account_key, allow_http=allow_http)
        return cls(service, signer)

    @classmethod
    def from_account_key(
        cls, blob_endpoint: str, account: str, key: str, clock: Clock, *, hierarchical: bool = False
    ) -> Self:
        """Blobs of another account by its key."""
        service = BlobServiceClient(blob_endpoint, credential=AzureNamedKeyCredential(account, key), **_options(None))
        signer = SasSigner(account, clock, account_key=key, allow_http=service.scheme == "http")
        return cls(service, signer, hierarchical=hierarchical)

    @classmethod
    def from_token(cls, blob_endpoint: str, token: str, *, hierarchical: bool = False) -> Self:
        """Blobs of another account by a shared access signature that its owner made."""
        service = BlobServiceClient(blob_endpoint, credential=AzureSasCredential(token), **_options(None))
        return cls(service, GivenToken(token), hierarchical=hierarchical)

    @classmethod
    def from_identity(
        cls,
        blob_endpoint: str,
        credential: TokenCredential,
        clock: Clock,
        counter: TransactionCounter | None = None,
        *,
        hierarchical: bool = False,
    ) -> Self:
        """Blobs of an account by the app's identity; it needs the role that creates user delegation keys."""
        service = BlobServiceClient(blob_endpoint, credential=credential, **_options(counter))

        def delegation_key(start: Any, end: Any) -> Any:
            with translated("User delegation key"):
                return service.get_user_delegation_key(start, end)

        signer = SasSigner(str(service.account_name), clock, delegation_keys=delegation_key)
        return cls(service, signer, hierarchical=hierarchical)

    @property
    def account_name(self) -> str:
        """Name of the account."""
        return str(self._service.account_name)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def ensure_containers(self, containers: list[str]) -> None:
        """Create containers that do not exist."""
        for container in containers:
            with translated(f"Container {container}"):
                try:
                    self._container(container).create_container()
                except ResourceExistsError as error:
                    if error_code(error) == "ContainerBeingDeleted":
                        raise

    def put(self, container: str, name: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write a blob with its MD5, replacing an older one."""
        md5 = bytearray(hashlib.md5(data, usedforsecurity=False).digest())
        settings = ContentSettings(content_type=content_type, content_md5=md5)
        with translated(_name(container, name)):
            self._container(container).upload_blob(name, data, overwrite=True, content_settings=settings)

    def get(self, container: str, name: str) -> bytes:
        """Read a whole blob."""
        with translated(_name(container, name)):
            return self._container(container).download_blob(name).readall()

    def get_range(self, container: str, name: str, offset: int, length: int) -> tuple[bytes, int]:
        """Up to `length` bytes (at most `MAX_RANGE_BYTES`) from `offset`, and the blob's size now."""
        with translated(_name(container, name)):
            try:
                if length <= 0:
                    return b"", self._size(container, name)
                stream = self._container(container).download_blob(name, offset, min(length, MAX_RANGE_BYTES))
                data = stream.readall()
                return data, int(str(stream.properties.content_range).rpartition("/")[2])
            except ResourceNotFoundError:
                return b"", 0
            except HttpResponseError as error:
                if error.status_code != RANGE_NOT_SATISFIABLE:
                    raise
            try:
                return b"", self._size(container, name)
            except ResourceNotFoundError:
                return b"", 0

    def copy(self, container: str, name: str, to: str) -> None:
        """Copy a blob within its container."""
        source, target = self.read_url(container, name, COPY_VALIDITY), self._container(container).get_blob_client(to)
        with translated(_name(container, name)):
            status = str(target.start_copy_from_url(source)["copy_status"])
            while status == "pending":
                time.sleep(COPY_PAUSE_SECONDS)
                status = str(target.get_blob_properties().copy.status)
        if status != "success":
            raise StorageUnavailable(f"{_name(container, name)} could not be copied ({status}).")

    def delete(self, container: str, names: list[str]) -> None:
        """Delete blobs, many in one request."""
        client = self._container(container)
        for start in range(0, len(names), DELETE_BATCH):
            with translated(f"Container {container}"):
                for answer in client.delete_blobs(*names[start : start + DELETE_BATCH], raise_on_any_failure=False):
                    if answer.status_code in blob_sweeping.HELD:
                        raise Conflict(f"Blobs in {container} could not be deleted: they are leased or on legal hold.")
                    if answer.status_code not in {HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND}:
                        raise StorageUnavailable(f"Blobs in {container} could not be deleted ({answer.status_code}).")

    def exists(self, container: str, name: str) -> bool:
        """Whether the blob is there."""
        with translated(_name(container, name)):
            return bool(self._container(container).get_blob_client(name).exists())

    def renew(self, container: str, name: str) -> bool:
        """Whether the blob is there; one that was written some hours ago is marked as written now."""
        with translated(_name(container, name)):
            return blob_sweeping.renew(self._container(container), name)

    def page(
        self, container: str, prefix: str, position: str, size: int = LIST_PAGE
    ) -> tuple[list[BlobInfo], str | None]:
        """One page of a listing."""
        with translated(f"Container {container}"):
            return blob_sweeping.page(self._container(container), prefix, position, size)

    def delete_unchanged(self, container: str, blobs: list[BlobInfo]) -> list[BlobInfo]:
        """Delete blobs that still have the etag that they were listed with."""
        with translated(f"Container {container}"):
            return blob_sweeping.delete_unchanged(self._container(container), blobs)

    def probe(self, container: str) -> None:
        """Ask for one blob of a container."""
        with translated(f"Container {container}"):
            next(iter(self._container(container).list_blobs(results_per_page=1)), None)

    def list(self, container: str, prefix: str) -> list[BlobInfo]:
        """Every blob whose name starts with `prefix`, by name."""
        include = ["metadata"] if self._hierarchical else None
        client = self._container(container)
        with translated(f"Container {container}"):
            try:
                found = client.list_blobs(name_starts_with=prefix, include=include, results_per_page=LIST_PAGE)
                return sorted((_info(blob) for blob in found if not _is_folder(blob)), key=lambda info: info.name)
            except ResourceNotFoundError:
                return []

    def read_url(self, container: str, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one blob."""
        query = self._signer.blob(container, name, READ, valid_for, file_name=file_name)
        return f"{self._url(container, name)}?{query}"

    def write_url(self, container: str, name: str, valid_for: timedelta, *, resumable: bool = False) -> str:
        """A URL that creates or replaces this one blob."""
        permission = READ_CREATE_AND_WRITE if resumable else CREATE_AND_WRITE
        query = self._signer.blob(container, name, permission, valid_for)
        return f"{self._url(container, name)}?{query}"

    def upload_target(self, container: str, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of `prefix` and a signature that creates, appends and writes anywhere in the container."""
        query = self._signer.container(container, CREATE_APPEND_AND_WRITE, valid_for)
        return self._url(container, prefix.rstrip("/")), query

    def read_grant(self, container: str, valid_for: timedelta) -> tuple[str, str]:
        """Base URL of the container and a signature that reads its blobs."""
        return self._url(container, ""), self._signer.container(container, READ, valid_for)

    def _size(self, container: str, name: str) -> int:
        return int(self._container(container).get_blob_client(name).get_blob_properties().size)

    def _url(self, container: str, name: str) -> str:
        return f"{self._endpoint}/{container}/{quote(name)}".rstrip("/")

    def _container(self, container: str) -> ContainerClient:
        client = self._containers.get(container)
        if client is None:
            with self._lock:
                client = self._containers.setdefault(container, self._service.get_container_client(container))
        return client


def _options(counter: TransactionCounter | None) -> dict[str, Any]:
    retry = LinearRetry(backoff=1, retry_total=RETRIES, random_jitter_range=1)
    return {"transport": PooledTransport("blob", counter), "retry_policy": retry, "logging_enable": False}


def _is_folder(blob: BlobProperties) -> bool:
    return (blob.metadata or {}).get("hdi_isfolder") == "true"


def _info(blob: BlobProperties) -> BlobInfo:
    md5 = blob.content_settings.content_md5
    return BlobInfo(
        name=blob.name,
        size=blob.size,
        etag=blob.etag.strip('"'),
        md5=None if md5 is None else bytes(md5).hex(),
        modified_at=blob.last_modified,
    )


def _name(container: str, name: str) -> str:
    return f"Blob {name} in container {container}"

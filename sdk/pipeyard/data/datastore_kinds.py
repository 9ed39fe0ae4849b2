"""Which class stands for which kind of datastore, and how v1's arguments become a request."""

from typing import Any

from pipeyard.core.datastore import Datastore
from pipeyard.data.azure_data_lake_datastore import AzureDataLakeGen2Datastore
from pipeyard.data.azure_storage_datastore import AzureBlobDatastore, AzureFileDatastore
from pipeyard.data.local_folder_datastore import LocalFolderDatastore
from pipeyard.exceptions import UserErrorException

_KNOWN = (AzureBlobDatastore, AzureFileDatastore, AzureDataLakeGen2Datastore, LocalFolderDatastore)
_CLASSES: dict[str, type[Datastore]] = {each.kind: each for each in _KNOWN}


def class_of(kind: str) -> type[Datastore]:
    """The class for a kind of datastore; one that a newer workspace may have is a plain `Datastore`."""
    return _CLASSES.get(kind, Datastore)


def account_request(
    kind: str, account_name: str, container: str, account_key: str | None, sas_token: str | None
) -> dict[str, Any]:
    """A request for a place on a storage account."""
    secrets = {"account_key": account_key, "sas_token": sas_token}
    given = {name: value for name, value in secrets.items() if value is not None}
    return {"type": kind, "account_name": account_name, "container": container, **given}


def place_of(service: str, account_name: str, protocol: str | None, endpoint: str | None) -> dict[str, str]:
    """The service's base URL where it is not the public cloud's."""
    if endpoint is not None and "://" in endpoint:
        return {"endpoint": endpoint}
    if protocol is None and endpoint is None:
        return {}
    return {"endpoint": f"{protocol or 'https'}://{account_name}.{service}.{endpoint or 'core.windows.net'}"}


def check_grant(*, grant: bool) -> None:
    """Refuse v1's `grant_workspace_access`.

    Raises:
        UserErrorException: It is set.
    """
    if grant:
        raise UserErrorException(
            "grant_workspace_access is not offered: a workspace does not change roles by itself. Give its identity the "
            "roles Storage Blob Data Contributor and Storage Blob Delegator on the account, and leave this out."
        )


def check_principal(*given: str | None) -> None:
    """Refuse v1's service principals.

    Raises:
        UserErrorException: Something of one is given.
    """
    if any(value is not None for value in given):
        raise UserErrorException(
            "A service principal cannot open a datastore. Give the workspace's identity the role Storage Blob Data "
            "Contributor on the account and leave tenant_id, client_id and client_secret out, or pass account_key or "
            "sas_token."
        )

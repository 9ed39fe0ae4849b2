"""v1's `Datastore.register_*`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard.core._unoffered_datastores import UnofferedDatastores
from pipeyard.core.workspace import Workspace

if TYPE_CHECKING:
    from pipeyard.data.azure_data_lake_datastore import AzureDataLakeGen2Datastore
    from pipeyard.data.azure_storage_datastore import AzureBlobDatastore, AzureFileDatastore
    from pipeyard.data.local_folder_datastore import LocalFolderDatastore

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; what a request needs is loaded when it is needed)


class DatastoreRegistration(UnofferedDatastores):
    """Registers places for files; a base of `Datastore`."""

    @staticmethod
    def register_azure_blob_container(
        workspace: Workspace,
        datastore_name: str,
        container_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
        blob_cache_timeout: int | None = None,  # noqa: ARG004 - v1's, for its mounts
        grant_workspace_access: bool = False,
        subscription_id: str | None = None,  # noqa: ARG004 - v1's, to find the account for a grant
        resource_group: str | None = None,  # noqa: ARG004 - as above
    ) -> "AzureBlobDatastore":
        """Register a blob container; without key and token, the workspace's identity opens it.

        Args:
            workspace: Where to register it.
            datastore_name: Letters, digits and underscores.
            container_name: The container.
            account_name: The storage account.
            sas_token: A token for the container; or
            account_key: the account's key. The workspace keeps either among its secrets.
            protocol: `https` unless it is a test.
            endpoint: The cloud's suffix such as `core.windows.net`, or a whole URL.
            overwrite: Replace a registration of this name.
            create_if_not_exists: Create the container.
            skip_validation: Do not look whether it answers.
            blob_cache_timeout: Means nothing here: files are fetched once and kept by content.
            grant_workspace_access: Refused: the account's owner gives the workspace's identity its role.
            subscription_id: Means nothing here.
            resource_group: Means nothing here.

        Raises:
            UserErrorException: Something is wrong with it, the name is taken, or the service refuses.
        """
        from pipeyard.data import datastore_kinds

        request = datastore_kinds.account_request("azure_blob", account_name, container_name, account_key, sas_token)
        request |= datastore_kinds.place_of("blob", account_name, protocol, endpoint)
        request |= {"create_if_not_exists": create_if_not_exists, "skip_validation": skip_validation}
        datastore_kinds.check_grant(grant=grant_workspace_access)
        found: AzureBlobDatastore = _register(workspace, datastore_name, request, overwrite=overwrite)
        return found

    @staticmethod
    def register_azure_file_share(
        workspace: Workspace,
        datastore_name: str,
        file_share_name: str,
        account_name: str,
        sas_token: str | None = None,
        account_key: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> "AzureFileDatastore":
        """Register a share of Azure Files: with a token or a key, as addresses of its files are signed with one.

        Raises:
            UserErrorException: Something is wrong with it, the name is taken, or the service refuses.
        """
        from pipeyard.data import datastore_kinds

        request = datastore_kinds.account_request("azure_file", account_name, file_share_name, account_key, sas_token)
        request |= datastore_kinds.place_of("file", account_name, protocol, endpoint)
        request |= {"create_if_not_exists": create_if_not_exists, "skip_validation": skip_validation}
        found: AzureFileDatastore = _register(workspace, datastore_name, request, overwrite=overwrite)
        return found

    @staticmethod
    def register_azure_data_lake_gen2(
        workspace: Workspace,
        datastore_name: str,
        filesystem: str,
        account_name: str,
        tenant_id: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        resource_url: str | None = None,
        authority_url: str | None = None,
        protocol: str | None = None,
        endpoint: str | None = None,
        overwrite: bool = False,
        subscription_id: str | None = None,  # noqa: ARG004 - v1's, to find the account for a grant
        resource_group: str | None = None,  # noqa: ARG004 - as above
        grant_workspace_access: bool = False,
        *,
        account_key: str | None = None,
        sas_token: str | None = None,
    ) -> "AzureDataLakeGen2Datastore":
        """Register a file system of Data Lake Storage Gen2: by key, by token, or by the workspace's identity.

        Raises:
            UserErrorException: Something is wrong with it, the name is taken, or the service refuses. v1's service
                principals (tenant, client, secret) are refused: no address can be signed with them.
        """
        from pipeyard.data import datastore_kinds

        datastore_kinds.check_principal(tenant_id, client_id, client_secret, resource_url, authority_url)
        datastore_kinds.check_grant(grant=grant_workspace_access)
        kind = "azure_data_lake_gen2"
        request = datastore_kinds.account_request(kind, account_name, filesystem, account_key, sas_token)
        request |= datastore_kinds.place_of("blob", account_name, protocol, endpoint)
        found: AzureDataLakeGen2Datastore = _register(workspace, datastore_name, request, overwrite=overwrite)
        return found

    @staticmethod
    def register_local_folder(
        workspace: Workspace,
        datastore_name: str,
        path: str | Path,
        overwrite: bool = False,
        create_if_not_exists: bool = False,
        skip_validation: bool = False,
    ) -> "LocalFolderDatastore":
        """Register a folder of this machine. Not in v1, and only for local workspaces.

        Raises:
            UserErrorException: There is no such folder, the name is taken, or the workspace is not a local one.
        """
        request: dict[str, Any] = {"type": "local_folder", "path": str(Path(path).absolute())}
        request |= {"create_if_not_exists": create_if_not_exists, "skip_validation": skip_validation}
        found: LocalFolderDatastore = _register(workspace, datastore_name, request, overwrite=overwrite)
        return found


def _register(workspace: Workspace, name: str, request: dict[str, Any], *, overwrite: bool) -> Any:
    from pipeyard._clients.datastores import DatastoresClient
    from pipeyard.core.datastore import Datastore

    document = DatastoresClient(workspace.client.http).register(name, request, overwrite=overwrite)
    return Datastore.of_document(workspace, document)

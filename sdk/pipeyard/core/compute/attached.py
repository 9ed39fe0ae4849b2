"""v1's attached compute: services that exist elsewhere, made known under a name.

A workspace keeps them, so that pipelines which name them can be checked and published. Steps on them run where the
deployment has an engine for the service; otherwise they fail with a sentence that says so. Keys and tokens are sent to
the workspace once and kept there as secrets.
"""

from typing import Any, ClassVar

from pipeyard._checks import not_offered
from pipeyard.core.compute.base import ComputeTarget
from pipeyard.core.compute.configuration import (
    ComputeTargetAttachConfiguration,
    ComputeTargetProvisioningConfiguration,
    attach_document,
)


class DatabricksCompute(ComputeTarget):
    """A Databricks workspace."""

    _compute_type: ClassVar[str] = "Databricks"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        access_token: str = "",
        *,
        workspace_url: str | None = None,
        emulated: bool = False,
        uri_scheme: str | None = None,
        workspace_folder: str | None = None,
        max_concurrent_jobs: int | None = None,
    ) -> ComputeTargetAttachConfiguration:
        """A Databricks workspace to attach.

        Args:
            resource_group: For people; an address or a resource id is what the workspace is reached by.
            workspace_name: For people.
            resource_id: Resource id of the workspace in Azure, which its address is looked up with; or
            workspace_url: its address, such as `https://adb-1234.5.azuredatabricks.net`.
            access_token: Kept as a secret. Without one, the identity of the Pipeyard deployment is used, which must
                be a user of the Databricks workspace.
            emulated: The emulator that a local workspace has.
            uri_scheme: How scripts get the addresses of blobs: `abfss` or `wasbs`.
            workspace_folder: Where files of jobs are put in the Databricks workspace.
            max_concurrent_jobs: Most jobs that Pipeyard gives it at once; the others wait.
        """
        return attach_document(
            "Databricks",
            resource_group=resource_group,
            workspace_name=workspace_name,
            resource_id=resource_id,
            access_token=access_token,
            workspace_url=workspace_url,
            emulated=emulated,
            uri_scheme=uri_scheme,
            workspace_folder=workspace_folder,
            max_concurrent_jobs=max_concurrent_jobs,
        )

    def update(self, *, access_token: str) -> None:
        """Replace the token, when the old one is about to expire; steps that are under way go on with the new one.

        Raises:
            ComputeTargetException: Databricks refused the token.
        """
        self._change({"properties": {"access_token": access_token}})

    def get_credentials(self) -> dict[str, Any]:
        """Refused: what was given to a workspace as a secret is not handed out.

        Raises:
            UserErrorException: Always.
        """
        raise not_offered(
            "the tokens of compute targets",
            "They are kept as secrets. Make a token of your own in Databricks for what is not a step.",
        )


class AdlaCompute(ComputeTarget):
    """A Data Lake Analytics account. Azure has retired the service; an engine can run its scripts instead."""

    _compute_type: ClassVar[str] = "DataLakeAnalytics"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        account_name: str | None = None,
        resource_id: str | None = None,
        *,
        engine: str | None = None,
        emulated: bool = False,
        max_concurrent_jobs: int | None = None,
    ) -> ComputeTargetAttachConfiguration:
        """An account to attach. The service is gone, so one of `engine` and `emulated` must be given.

        Args:
            resource_group: For people.
            account_name: For people.
            resource_id: For people.
            engine: `duckdb` runs U-SQL scripts on the workspace's own machine.
            emulated: The emulator of the service that a local workspace has.
            max_concurrent_jobs: Most jobs that Pipeyard gives it at once; the others wait.
        """
        return attach_document(
            "DataLakeAnalytics",
            resource_group=resource_group,
            account_name=account_name,
            resource_id=resource_id,
            engine=engine,
            emulated=emulated,
            max_concurrent_jobs=max_concurrent_jobs,
        )


class DataFactoryCompute(ComputeTarget):
    """A data factory, for DataTransferStep: a name only, as copies are made without one."""

    _compute_type: ClassVar[str] = "DataFactory"

    @staticmethod
    def provisioning_configuration(location: str | None = None) -> ComputeTargetProvisioningConfiguration:
        """A data factory to create."""
        return ComputeTargetProvisioningConfiguration("DataFactory", {"location": location} if location else {})

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None, factory_name: str | None = None, resource_id: str | None = None
    ) -> ComputeTargetAttachConfiguration:
        """A data factory to attach."""
        return attach_document(
            "DataFactory", resource_group=resource_group, factory_name=factory_name, resource_id=resource_id
        )


class BatchCompute(ComputeTarget):
    """An Azure Batch account."""

    _compute_type: ClassVar[str] = "Batch"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None, account_name: str | None = None, resource_id: str | None = None
    ) -> ComputeTargetAttachConfiguration:
        """An account to attach."""
        return attach_document(
            "Batch", resource_group=resource_group, account_name=account_name, resource_id=resource_id
        )


class KustoCompute(ComputeTarget):
    """An Azure Data Explorer cluster."""

    _compute_type: ClassVar[str] = "Kusto"

    @staticmethod
    def attach_configuration(
        resource_group: str | None = None,
        workspace_name: str | None = None,
        resource_id: str | None = None,
        tenant_id: str | None = None,
        kusto_connection_string: str | None = None,
        application_id: str | None = None,
        application_key: str | None = None,
    ) -> ComputeTargetAttachConfiguration:
        """A cluster to attach."""
        return attach_document(
            "Kusto",
            resource_group=resource_group,
            workspace_name=workspace_name,
            resource_id=resource_id,
            tenant_id=tenant_id,
            kusto_connection_string=kusto_connection_string,
            application_id=application_id,
            application_key=application_key,
        )


class SynapseCompute(ComputeTarget):
    """A Spark pool of Synapse."""

    _compute_type: ClassVar[str] = "SynapseSpark"

    @staticmethod
    def attach_configuration(
        linked_service: object = None,
        type: str = "SynapseSpark",  # noqa: A002  (v1's name)
        pool_name: str | None = None,
    ) -> ComputeTargetAttachConfiguration:
        """A pool to attach."""
        name = getattr(linked_service, "name", linked_service)
        return attach_document(type, linked_service=str(name) if name else None, pool_name=pool_name)

"""v1's attached compute: services that exist elsewhere, made known under a name.

A workspace keeps them, so that pipelines which name them can be checked and published. Steps on them run where the
deployment has an engine for the service; otherwise they fail with a sentence that says so. Keys and tokens are sent to
the workspace once and kept there as secrets.
"""

from typing import ClassVar

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
    ) -> ComputeTargetAttachConfiguration:
        """A Databricks workspace to attach."""
        return attach_document(
            "Databricks",
            resource_group=resource_group,
            workspace_name=workspace_name,
            resource_id=resource_id,
            access_token=access_token,
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
    ) -> ComputeTargetAttachConfiguration:
        """An account to attach; with the engine `duckdb`, U-SQL scripts run on the workspace's own machine."""
        return attach_document(
            "DataLakeAnalytics",
            resource_group=resource_group,
            account_name=account_name,
            resource_id=resource_id,
            engine=engine,
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

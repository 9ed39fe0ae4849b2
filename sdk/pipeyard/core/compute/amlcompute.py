"""v1's AmlCompute: a cluster that grows with its jobs.

Where the workspace knows an Azure ML workspace, its clusters are Azure's; a local workspace runs the jobs as processes
of its machine, or on emulated clusters.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from pipeyard._checks import not_offered
from pipeyard.core.compute.base import ComputeTarget
from pipeyard.core.compute.configuration import (
    ComputeTargetAttachConfiguration,
    ComputeTargetProvisioningConfiguration,
    ComputeTargetStatus,
    attach_document,
)
from pipeyard.exceptions import ComputeTargetException

# ruff: noqa: FBT001, PLC0415  (v1's signatures; httpx is loaded when the workspace is asked)

PRIORITIES = ("dedicated", "lowpriority")
IDLE_SECONDS = 1800
_CLUSTER_ID = re.compile(r"(?P<workspace>/subscriptions/.+/workspaces/[^/]+)/computes/(?P<name>[^/]+)", re.IGNORECASE)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
_DAY_PARTS = (86_400, 3600, 60, 1)


class ScaleSettings:
    """How far a cluster grows and shrinks."""

    def __init__(self, properties: dict[str, Any], seen: dict[str, Any] | None = None) -> None:
        self.minimum_node_count = int(properties.get("min_nodes") or 0)
        self.maximum_node_count = int(properties.get("max_nodes") or 1)
        self.idle_seconds_before_scaledown = int(properties.get("idle_seconds_before_scaledown") or IDLE_SECONDS)
        if seen:
            self.minimum_node_count = int(seen.get("minNodeCount") or 0)
            self.maximum_node_count = int(seen.get("maxNodeCount") or self.maximum_node_count)
            idle = _DURATION.fullmatch(str(seen.get("nodeIdleTimeBeforeScaleDown") or ""))
            if idle is not None:
                parts = zip(_DAY_PARTS, idle.groups(), strict=True)
                self.idle_seconds_before_scaledown = sum(seconds * int(count or 0) for seconds, count in parts)


class AmlComputeStatus(ComputeTargetStatus):
    """A cluster's state at one moment."""

    @property
    def scale_settings(self) -> ScaleSettings:
        """How far it grew and shrank then."""
        return ScaleSettings({}, self.details.get("scaleSettings"))


class AmlCompute(ComputeTarget):
    """A cluster."""

    _compute_type: ClassVar[str] = "AmlCompute"

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = IDLE_SECONDS,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: dict[str, str] | None = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: Sequence[str] | None = None,
        location: str | None = None,
        enable_node_public_ip: bool | None = None,
        *,
        subnet_id: str | None = None,
        identity_client_id: str | None = None,
        emulated: bool = False,
        workspace_resource_id: str | None = None,
        cluster_name: str | None = None,
        max_concurrent_jobs: int | None = None,
    ) -> ComputeTargetProvisioningConfiguration:
        """A cluster to create.

        Args:
            vm_size: Size of a node; means nothing where jobs are processes of one machine.
            vm_priority: `dedicated` or `lowpriority`.
            min_nodes: Nodes that are kept while nothing runs.
            max_nodes: Most nodes.
            idle_seconds_before_scaledown: Idle time before a node is given back.
            admin_username: Not offered: nobody signs in at nodes.
            admin_user_password: Not offered.
            admin_user_ssh_key: Not offered.
            vnet_resourcegroup_name: Not offered; give `subnet_id`.
            vnet_name: Not offered; give `subnet_id`.
            subnet_name: Not offered; give `subnet_id`.
            tags: For people.
            description: What it is for.
            remote_login_port_public_access: Not offered but for v1's default.
            identity_type: Identity of the cluster: `SystemAssigned` or `UserAssigned`.
            identity_id: Resource ids of its identities, for `UserAssigned`.
            location: Region, where that is not the Azure ML workspace's.
            enable_node_public_ip: Whether nodes have public addresses; None leaves it to the service.
            subnet_id: Resource id of the subnet that the nodes are in.
            identity_client_id: Client id of the identity that jobs have.
            emulated: A cluster of the emulator that a local workspace has.
            workspace_resource_id: The Azure ML workspace to create it in, where that is not the deployment's.
            cluster_name: What it is called there, where that is not the target's name.
            max_concurrent_jobs: Most jobs that Pipeyard gives it at once; the others wait.

        Raises:
            ComputeTargetException: A number or the priority is wrong; names everything.
            UserErrorException: An argument that is not offered; says what to do instead.
        """
        if admin_username or admin_user_password or admin_user_ssh_key or remote_login_port_public_access == "Enabled":
            raise not_offered("signing in at nodes", "Logs, metrics and files of jobs are kept with their runs.")
        if vnet_resourcegroup_name or vnet_name or subnet_name:
            raise not_offered("networks by their names", "Give the subnet's resource id as subnet_id.")
        counts = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        _check_size(vm_priority, counts)
        choices = {
            "subnet_id": subnet_id,
            "node_public_ip": enable_node_public_ip,
            "identity_type": identity_type,
            "identity_ids": list(identity_id) if identity_id else None,
            "identity_client_id": identity_client_id,
            "location": location,
            "emulated": emulated or None,
            "workspace_resource_id": workspace_resource_id,
            "cluster_name": cluster_name,
            "max_concurrent_jobs": max_concurrent_jobs,
        }
        properties = {
            "vm_size": vm_size,
            "vm_priority": vm_priority,
            **counts,
            **{name: value for name, value in choices.items() if value is not None},
        }
        return ComputeTargetProvisioningConfiguration(AmlCompute._compute_type, properties, description, tags or {})

    @staticmethod
    def attach_configuration(
        resource_id: str | None = None,
        *,
        workspace_resource_id: str | None = None,
        cluster_name: str | None = None,
        identity_client_id: str | None = None,
        emulated: bool = False,
        max_concurrent_jobs: int | None = None,
    ) -> ComputeTargetAttachConfiguration:
        """A cluster that an Azure ML workspace has already.

        Args:
            resource_id: Of the cluster, such as `/subscriptions/.../workspaces/ml/computes/cpu`; or
            workspace_resource_id: of its Azure ML workspace, where that is not the deployment's.
            cluster_name: What it is called there, where that is not the target's name.
            identity_client_id: Client id of the identity that jobs have.
            emulated: A cluster of the emulator that a local workspace has.
            max_concurrent_jobs: Most jobs that Pipeyard gives it at once; the others wait.

        Raises:
            ComputeTargetException: The id is none of a cluster.
        """
        if resource_id is not None:
            parts = _CLUSTER_ID.fullmatch(resource_id)
            if parts is None:
                raise ComputeTargetException(
                    f"{resource_id!r} is no resource id of a cluster: those look like "
                    "/subscriptions/.../providers/Microsoft.MachineLearningServices/workspaces/.../computes/...."
                )
            workspace_resource_id, cluster_name = parts["workspace"], parts["name"]
        return attach_document(
            AmlCompute._compute_type,
            workspace_resource_id=workspace_resource_id,
            cluster_name=cluster_name,
            identity_client_id=identity_client_id,
            emulated=emulated,
            max_concurrent_jobs=max_concurrent_jobs,
        )

    @property
    def status(self) -> AmlComputeStatus:
        """Its state when it was last asked for; a cluster out of a list is asked for now, since lists have no nodes."""
        if not self._seen:
            self.refresh_state()
        known = super().status
        return AmlComputeStatus(known.provisioning_state, known.errors, known.details)

    @property
    def vm_size(self) -> str:
        """Size of each node."""
        return str(self._seen.get("vmSize") or self.properties.get("vm_size") or "")

    @property
    def vm_priority(self) -> str:
        """`dedicated` or `lowpriority`."""
        return str(self._seen.get("vmPriority") or self.properties.get("vm_priority") or "").lower()

    @property
    def scale_settings(self) -> ScaleSettings:
        """How far it grows and shrinks."""
        return ScaleSettings(self.properties, self._seen.get("scaleSettings"))

    @property
    def cluster_resource_id(self) -> str | None:
        """Azure's id of the cluster, where it is one of an Azure ML workspace that the target names."""
        workspace = self.properties.get("workspace_resource_id")
        name = self.properties.get("cluster_name") or self.name
        return f"{workspace}/computes/{name}" if workspace else None

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Change how far it grows and shrinks; `wait_for_completion` waits until that is done.

        Raises:
            ComputeTargetException: The sizes contradict each other, or the service refused.
        """
        given = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        self._change({"properties": {key: value for key, value in given.items() if value is not None}})

    def list_nodes(self) -> list[dict[str, Any]]:
        """The nodes, with `nodeId`, `nodeState` and the step run that each works for (`runId`)."""
        from pipeyard._clients.compute import ComputeClient

        return ComputeClient(self.workspace.client.http).nodes(self.name)

    def detach(self) -> None:
        """Forget a cluster that was attached; it stays in its Azure ML workspace.

        Raises:
            ComputeTargetException: It was created, and would go on costing without anybody knowing it.
        """
        if not self.is_attached:
            raise ComputeTargetException(
                f"Detach is not supported for {self.name!r}, which was created here. Use delete()."
            )
        super().detach()

    @staticmethod
    def supported_vmsizes(*_: Any, **__: Any) -> list[dict[str, Any]]:
        """Nothing is known of sizes here: the deployment's cloud decides."""
        return []

    @property
    def _seen(self) -> dict[str, Any]:
        return dict(self.document.get("status") or {})

    def _least_nodes(self, min_node_count: int | None) -> int:
        kept = self.scale_settings.minimum_node_count
        return kept if min_node_count is None else min(min_node_count, kept)


def _check_size(vm_priority: str, counts: dict[str, int | None]) -> None:
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
            raise ComputeTargetException(f"{name} must be a whole number, not {count!r}.")
    least, most = counts["min_nodes"] or 0, counts["max_nodes"]
    wrong = [
        sentence
        for is_wrong, sentence in (
            (most is None, "max_nodes is required"),
            (vm_priority not in PRIORITIES, f"vm_priority must be one of {', '.join(PRIORITIES)}"),
            (least < 0, "min_nodes must not be negative"),
            (most is not None and most < max(least, 1), "max_nodes must be 1 or more, and not below min_nodes"),
        )
        if is_wrong
    ]
    if wrong:
        raise ComputeTargetException(f"The configuration of the cluster is wrong: {'; '.join(wrong)}.")

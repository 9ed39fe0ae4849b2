"""v1's AmlCompute: a cluster that grows with its jobs. In a local workspace its nodes are processes of the machine."""

from typing import Any, ClassVar

from pipeyard.core.compute.base import ComputeTarget
from pipeyard.core.compute.configuration import ComputeTargetProvisioningConfiguration
from pipeyard.exceptions import ComputeTargetException

PRIORITIES = ("dedicated", "lowpriority")
IDLE_SECONDS = 1800


class ScaleSettings:
    """How far a cluster grows and shrinks."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self.minimum_node_count = int(properties.get("min_nodes") or 0)
        self.maximum_node_count = int(properties.get("max_nodes") or 1)
        self.idle_seconds_before_scaledown = int(properties.get("idle_seconds_before_scaledown") or IDLE_SECONDS)


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
        tags: dict[str, str] | None = None,
        description: str | None = None,
        **_: Any,
    ) -> ComputeTargetProvisioningConfiguration:
        """A cluster to create; networks, users and keys of v1 are the deployment's business.

        Raises:
            ComputeTargetException: A number or the priority is wrong; names everything.
        """
        counts = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        for name, count in counts.items():
            if count is not None and (not isinstance(count, int) or isinstance(count, bool)):
                raise ComputeTargetException(f"{name} must be a whole number, not {count!r}.")
        wrong = [
            sentence
            for is_wrong, sentence in (
                (max_nodes is None, "max_nodes is required"),
                (vm_priority not in PRIORITIES, f"vm_priority must be one of {', '.join(PRIORITIES)}"),
                (min_nodes < 0, "min_nodes must not be negative"),
                (
                    max_nodes is not None and max_nodes < max(min_nodes, 1),
                    "max_nodes must be 1 or more, and not below min_nodes",
                ),
            )
            if is_wrong
        ]
        if wrong:
            raise ComputeTargetException(f"The configuration of the cluster is wrong: {'; '.join(wrong)}.")
        properties = {
            "vm_size": vm_size,
            "vm_priority": vm_priority,
            **counts,
        }
        return ComputeTargetProvisioningConfiguration(AmlCompute._compute_type, properties, description, tags or {})

    @property
    def vm_size(self) -> str:
        """Size of each node."""
        return str(self.properties.get("vm_size") or "")

    @property
    def vm_priority(self) -> str:
        """`dedicated` or `lowpriority`."""
        return str(self.properties.get("vm_priority") or "")

    @property
    def scale_settings(self) -> ScaleSettings:
        """How far it grows and shrinks."""
        return ScaleSettings(self.properties)

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Change how far it grows and shrinks."""
        given = {
            "min_nodes": min_nodes,
            "max_nodes": max_nodes,
            "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
        }
        changes = {key: value for key, value in given.items() if value is not None}
        self._change({"properties": {**self.properties, **changes}})

    def list_nodes(self) -> list[dict[str, Any]]:
        """Nodes with their jobs, as far as the workspace knows them."""
        nodes = self.get_status().details.get("nodes")
        return list(nodes) if isinstance(nodes, list) else []

    @staticmethod
    def supported_vmsizes(*_: Any, **__: Any) -> list[dict[str, Any]]:
        """Nothing is known of sizes here: the deployment's cloud decides."""
        return []

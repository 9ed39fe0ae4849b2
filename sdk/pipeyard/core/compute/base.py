"""What all compute targets have in common: looking them up, creating, attaching, deleting."""

import builtins
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from pipeyard._checks import not_offered, require_workspace
from pipeyard.core.compute._waiting import wait_until_gone, wait_until_made
from pipeyard.core.compute.configuration import (
    ComputeTargetAttachConfiguration,
    ComputeTargetProvisioningConfiguration,
    ComputeTargetStatus,
)
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import ComputeTargetException, UserErrorException

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; httpx is loaded when the workspace is asked)


class ComputeTarget:
    """Something that runs steps. `ComputeTarget(workspace, name)` gives the object of the class that fits its type.

    Attributes:
        workspace: Where it is known.
        document: Everything that the workspace knows about it.
    """

    _compute_type: ClassVar[str] = ""
    _classes: "ClassVar[dict[str, type[ComputeTarget]]]" = {}
    workspace: Workspace
    document: dict[str, Any]

    def __init_subclass__(cls) -> None:
        if cls._compute_type:
            ComputeTarget._classes[cls._compute_type] = cls

    def __new__(cls, workspace: Workspace, name: str) -> Self:
        """Look a target up, whichever class was called.

        Raises:
            ComputeTargetException: There is none of this name.
        """
        require_workspace(workspace, cls.__name__)
        from pipeyard._clients.compute import ComputeClient

        try:
            document = ComputeClient(workspace.client.http).get(name)
        except UserErrorException as error:
            raise ComputeTargetException(
                f"ComputeTargetNotFound: {error.message}",
                code=error.code,
                status=error.status,
            ) from error
        return ComputeTarget._of(workspace, document)  # type: ignore[return-value]

    def __init__(self, workspace: Workspace, name: str) -> None:
        del workspace, name  # __new__ has looked it up

    @staticmethod
    def _of(workspace: Workspace, document: Mapping[str, Any]) -> "ComputeTarget":
        kind = ComputeTarget._classes.get(str(document["type"]), ComputeTarget)
        target = object.__new__(kind)
        target.workspace = workspace
        target.document = dict(document)
        return target

    @staticmethod
    def create(
        workspace: Workspace, name: str, provisioning_configuration: ComputeTargetProvisioningConfiguration
    ) -> "ComputeTarget":
        """Create a target, or take the existing one of this name and type.

        Raises:
            ComputeTargetException: The name or the configuration is wrong.
        """
        if not isinstance(provisioning_configuration, ComputeTargetProvisioningConfiguration):
            raise ComputeTargetException(
                "ComputeTarget.create needs what a provisioning_configuration() gave, such as "
                f"AmlCompute.provisioning_configuration(...), not {provisioning_configuration!r}."
            )
        configuration = provisioning_configuration
        body = {
            "type": configuration.type,
            "attach": False,
            "properties": dict(configuration.properties),
            **({"description": configuration.description} if configuration.description else {}),
            **({"tags": dict(configuration.tags)} if configuration.tags else {}),
        }
        return ComputeTarget._put(workspace, name, body, "ComputeTarget.create")

    @staticmethod
    def attach(
        workspace: Workspace, name: str, attach_configuration: ComputeTargetAttachConfiguration
    ) -> "ComputeTarget":
        """Make a target known that exists elsewhere.

        Raises:
            ComputeTargetException: The name or the configuration is wrong.
        """
        if not isinstance(attach_configuration, ComputeTargetAttachConfiguration):
            raise ComputeTargetException(
                f"ComputeTarget.attach needs what an attach_configuration() gave, not {attach_configuration!r}."
            )
        body = {
            "type": attach_configuration.type,
            "attach": True,
            "properties": dict(attach_configuration.properties),
        }
        return ComputeTarget._put(workspace, name, body, "ComputeTarget.attach")

    @staticmethod
    def _put(workspace: Workspace, name: str, body: Mapping[str, Any], where: str) -> "ComputeTarget":
        require_workspace(workspace, where)
        from pipeyard._clients.compute import ComputeClient

        with _refusals():
            return ComputeTarget._of(workspace, ComputeClient(workspace.client.http).put(name, body))

    @staticmethod
    def list(
        workspace: Workspace, compute_type: "str | type[ComputeTarget] | None" = None
    ) -> "builtins.list[ComputeTarget]":
        """Every target of a workspace, or those of a type: a class, or v1's name such as `AmlCompute`.

        What a service says of its targets' nodes is not among it: `get_status()` asks for that.
        """
        require_workspace(workspace, "ComputeTarget.list")
        from pipeyard._clients.compute import ComputeClient

        wanted = getattr(compute_type, "_compute_type", compute_type)
        found = [ComputeTarget._of(workspace, item) for item in ComputeClient(workspace.client.http).list()]
        return [target for target in found if wanted is None or target.type == wanted]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.document["name"])

    @property
    def type(self) -> str:
        """v1's name of its kind, such as `AmlCompute`."""
        return str(self.document["type"])

    @property
    def id(self) -> str:
        """Its place among Azure's resources."""
        return f"{self.workspace.get_details()['id']}/computes/{self.name}"

    @property
    def location(self) -> str:
        """The region."""
        return str(self.document.get("location") or self.workspace.location)

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.document.get("description") or "")

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.document.get("tags") or {})

    @property
    def properties(self) -> dict[str, Any]:
        """What its type asks for."""
        return dict(self.document.get("properties") or {})

    @property
    def provisioning_state(self) -> str:
        """`Succeeded`, `Creating`, `Updating`, `Deleting`, `Failed` or `Canceled`."""
        return str(self.document["provisioning_state"])

    @property
    def provisioning_errors(self) -> "builtins.list[str]":
        """What went wrong."""
        return [str(item) for item in self.document.get("provisioning_errors") or ()]

    @property
    def cluster_resource_id(self) -> str | None:
        """Azure's id of what was attached."""
        return self.properties.get("resource_id")

    @property
    def is_attached(self) -> bool:
        """Whether it existed before it was made known."""
        return bool(self.document.get("is_attached"))

    @property
    def status(self) -> ComputeTargetStatus:
        """Its state when it was last asked for."""
        details = dict(self.document.get("status") or {})
        errors = (*self.provisioning_errors, *(details.get("errors") or ()))
        return ComputeTargetStatus(self.provisioning_state, errors, details)

    def get_status(self) -> ComputeTargetStatus:
        """Its state now."""
        self.refresh_state()
        return self.status

    def refresh_state(self) -> None:
        """Ask the workspace anew."""
        self.document = ComputeTarget(self.workspace, self.name).document

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Wait until the target has been made, or deleted.

        Args:
            show_output: Print its states.
            min_node_count: Wait for so many nodes, too; never for more than the cluster keeps without jobs.
            timeout_in_minutes: Give up waiting after this long; that is printed, and no error.
            is_delete_operation: Wait until it is gone instead.

        Raises:
            ComputeTargetException: It could not be made or deleted; in the words of its service.
        """
        if is_delete_operation:
            wait_until_gone(self, show_output=show_output, timeout_in_minutes=timeout_in_minutes)
            return
        wait_until_made(
            self,
            show_output=show_output,
            least_nodes=self._least_nodes(min_node_count),
            timeout_in_minutes=timeout_in_minutes,
        )

    def _least_nodes(self, min_node_count: int | None) -> int | None:
        """How many nodes there are to wait for; None where a target has none."""
        del min_node_count
        return None

    def delete(self) -> None:
        """Delete it; pipelines that name it fail from now on.

        What was created is deleted in its service as well, which may take a while; what was attached stays there.

        Raises:
            ComputeTargetException: Steps run on it, or its service refused.
        """
        from pipeyard._clients.compute import ComputeClient

        with _refusals():
            left = ComputeClient(self.workspace.client.http).delete(self.name)
        self.document = left or {**self.document, "provisioning_state": "Deleting"}

    def detach(self) -> None:
        """Forget it; what it stood for stays."""
        self.delete()

    def serialize(self) -> dict[str, Any]:
        """Everything that the workspace knows about it, under v1's keys."""
        return {
            "id": self.id,
            "name": self.name,
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "computeType": self.type,
                "description": self.description,
                "provisioningState": self.provisioning_state,
                "provisioningErrors": self.provisioning_errors or None,
                "isAttachedCompute": self.is_attached,
                "properties": self.properties,
                "status": self.status.serialize(),
            },
        }

    def _change(self, changes: Mapping[str, Any]) -> None:
        from pipeyard._clients.compute import ComputeClient

        with _refusals():
            self.document = ComputeClient(self.workspace.client.http).change(self.name, changes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, type={self.type!r}, state={self.provisioning_state!r})"


@contextmanager
def _refusals() -> Iterator[None]:
    """Refusals of requests about targets, under v1's name for them."""
    try:
        yield
    except UserErrorException as error:
        raise ComputeTargetException(
            error.summary, code=error.code, status=error.status, faults=error.faults
        ) from error


def refused(kind: str, instead: str) -> Exception:
    """The error for kinds of compute that nothing here can run."""
    return not_offered(f"compute targets of the kind {kind}", instead)

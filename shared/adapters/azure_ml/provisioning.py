"""Clusters of an Azure ML workspace: create, resize, look after, delete.

None of it waits: the service goes on by itself, and `status` tells how far it is. A cluster that was created from here
carries a tag that says so; one without it belongs to somebody else, and is attached instead of being changed.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import Any
from urllib.parse import quote

from shared.adapters.azure_ml.client import AzureMlClient
from shared.adapters.azure_ml.connection import cluster_name, connect
from shared.adapters.azure_ml.errors import words_of
from shared.adapters.compute_connections import ComputeConnections
from shared.core import names
from shared.core.compute_targets import AML_COMPUTE, AmlComputeProperties, ComputeTarget, ProvisioningState
from shared.core.errors import Conflict, NotFound
from shared.core.wording import listed, quoted
from shared.ports.compute import TargetStatus

OWNER_TAG = "pipeyard.compute_target"
_PRIORITIES = {"dedicated": "Dedicated", "lowpriority": "LowPriority"}
_STATES: dict[str, ProvisioningState] = {
    "Creating": "Creating",
    "Deleting": "Deleting",
    "Succeeded": "Succeeded",
    "Failed": "Failed",
    "Canceled": "Canceled",
}
"""The service's other states (`Updating`, `Unknown`) are passed through on the way to one of these."""
_NODE_COUNTS = ("preparing", "running", "idle", "unusable", "leaving", "preempted")
_NODE_FIELDS = ("nodeId", "nodeState", "port", "publicIpAddress", "privateIpAddress")
_MAX_SHOWN = 10


class AmlComputeProvisioner:
    """One cluster, as the `ComputeProvisioner` port."""

    def __init__(self, connections: ComputeConnections, target: ComputeTarget) -> None:
        self._connections = connections
        self._target = target
        self._settings = AmlComputeProperties.model_validate(target.properties)
        self._name = cluster_name(target)
        self._path = f"computes/{quote(self._name, safe='')}"

    def check(self) -> None:
        """Look whether the cluster is there."""
        with self._connected() as client:
            if self._find(client) is None:
                known = [str(each.get("name")) for each in _values(client, "computes") if _kind(each) == AML_COMPUTE]
                has = listed([quoted(name) for name in known], limit=_MAX_SHOWN) or "no cluster"
                raise NotFound(f"{_workspace(client)} has no cluster `{self._name}`; it has {has}.")

    def apply(self) -> None:
        """Create the cluster, or change its size."""
        with self._connected() as client:
            found = self._find(client)
            if self._target.attached:
                if found is not None and self._settings.max_nodes is not None:
                    client.patch(self._path, self._scale())
                return
            if found is not None and OWNER_TAG not in (found.get("tags") or {}):
                raise Conflict(
                    f"{_workspace(client)} has a cluster `{self._name}` already, which was not created here. "
                    "Attach it, or choose another name."
                )
            if found is not None and self._is_only_resized(found):
                client.patch(self._path, self._scale())
            else:
                client.put(self._path, self._document(client))

    def status(self) -> TargetStatus:
        """What the service says of the cluster."""
        with self._connected() as client:
            try:
                found = self._find(client)
                gone = f"{_workspace(client)} has no cluster `{self._name}`. Create it again, or delete the target."
            except NotFound as error:  # not even the workspace
                found, gone = None, str(error)
        if found is None:
            return TargetStatus(provisioning_state="Failed", errors=(gone,), gone=True)
        outer = found.get("properties") or {}
        state = _STATES.get(str(outer.get("provisioningState")), "Updating")
        errors = tuple(_sentences(outer.get("provisioningErrors")))
        return TargetStatus(provisioning_state=state, errors=errors, details=_details(outer, state))

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes with their jobs."""
        with self._connected() as client:
            answer = client.post(f"{self._path}/listNodes").json or {}
        nodes = answer.get("nodes") or answer.get("value") or []
        return [
            {**{key: node.get(key) for key in _NODE_FIELDS}, "runId": _step_run(node.get("runId"))} for node in nodes
        ]

    def remove(self) -> None:
        """Delete a cluster that was created; one that was attached stays as it is, for others may use it."""
        if self._target.attached:
            return
        with self._connected() as client, suppress(NotFound):
            client.delete(f"{self._path}?underlyingResourceAction=Delete")

    def _connected(self) -> "closing[AzureMlClient]":
        return closing(connect(self._connections, self._target))

    def _find(self, client: AzureMlClient) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = client.get(self._path).json
        except NotFound:
            client.get("")  # A workspace that is not there, or is somebody else's, is told as such.
            return None
        if _kind(found) != AML_COMPUTE:
            raise Conflict(f"`{self._name}` is compute of type `{_kind(found)}` in Azure ML, and no cluster.")
        return found

    def _is_only_resized(self, found: Mapping[str, Any]) -> bool:
        outer = found.get("properties") or {}
        inner = outer.get("properties") or {}
        same_size = str(inner.get("vmSize", "")).lower() == self._settings.vm_size.lower()
        same_priority = inner.get("vmPriority", "Dedicated") == _PRIORITIES[self._settings.vm_priority]
        return same_size and same_priority and outer.get("provisioningState") in {"Succeeded", "Updating"}

    def _scale(self) -> dict[str, Any]:
        settings = self._settings
        scale = {
            "minNodeCount": settings.min_nodes,
            "maxNodeCount": settings.max_nodes,
            "nodeIdleTimeBeforeScaleDown": f"PT{settings.idle_seconds_before_scaledown}S",
        }
        return {"properties": {"properties": {"scaleSettings": scale}}}

    def _document(self, client: AzureMlClient) -> dict[str, Any]:
        settings, target = self._settings, self._target
        inner: dict[str, Any] = {
            "osType": "Linux",
            "vmSize": settings.vm_size or None,
            "vmPriority": _PRIORITIES[settings.vm_priority],
            "subnet": {"id": settings.subnet_id} if settings.subnet_id else None,
            "enableNodePublicIp": settings.node_public_ip,
            **self._scale()["properties"]["properties"],
        }
        outer = {
            "computeType": AML_COMPUTE,
            "description": target.description or None,
            "properties": _given(inner),
        }
        identity: dict[str, Any] = {
            "type": settings.identity_type,
            "userAssignedIdentities": {each: {} for each in settings.identity_ids} if settings.identity_ids else None,
        }
        document = {
            "location": settings.location or client.get("").json["location"],
            "tags": {**target.tags, OWNER_TAG: target.name},
            "identity": _given(identity) if settings.identity_type else None,
            "properties": _given(outer),
        }
        return _given(document)


def _given(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}


def _kind(resource: Mapping[str, Any]) -> str:
    return str((resource.get("properties") or {}).get("computeType"))


def _workspace(client: AzureMlClient) -> str:
    return f"The Azure ML workspace `{client.workspace_id.rpartition('/')[2]}`"


def _values(client: AzureMlClient, path: str) -> Iterator[dict[str, Any]]:
    page: str | None = path
    while page:
        answer = client.get(page).json or {}
        yield from answer.get("value") or ()
        page = answer.get("nextLink")


def _sentences(errors: Any) -> Iterator[str]:
    for each in errors or ():
        code, words = words_of(each if "error" in each else {"error": each})
        yield ": ".join(filter(None, (code, words))) + _advice(code, words)


def _advice(code: str, words: str) -> str:
    if "quota" in f"{code} {words}".lower():
        return " Ask for more quota in the Azure portal, or create the cluster with fewer or smaller nodes."
    return ""


def _details(outer: Mapping[str, Any], state: str) -> dict[str, Any]:
    """The cluster's status in v1's shape."""
    inner = outer.get("properties") or {}
    counts = inner.get("nodeStateCounts") or {}
    return {
        "allocationState": inner.get("allocationState"),
        "allocationStateTransitionTime": inner.get("allocationStateTransitionTime"),
        "creationTime": outer.get("createdOn"),
        "modifiedTime": outer.get("modifiedOn"),
        "currentNodeCount": inner.get("currentNodeCount") or 0,
        "targetNodeCount": inner.get("targetNodeCount") or 0,
        "nodeStateCounts": {f"{kind}NodeCount": counts.get(f"{kind}NodeCount") or 0 for kind in _NODE_COUNTS},
        "provisioningState": state,
        "provisioningStateTransitionTime": outer.get("modifiedOn"),
        "scaleSettings": inner.get("scaleSettings"),
        "vmPriority": inner.get("vmPriority"),
        "vmSize": inner.get("vmSize"),
        "errors": [*_sentences(inner.get("errors"))] or None,
    }


def _step_run(job: str | None) -> str | None:
    """v1's id of what a job does: the step run, where the job is one of ours."""
    step_run = (job or "").rpartition("-")[0]
    return step_run if re.fullmatch(names.STEP_RUN_ID_PATTERN, step_run) else job

"""Routes of the clusters: created and removed by long-running operations, as the service does it."""

import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import PROVIDER, WORKSPACE, Call, endpoint, resource, timestamp
from local.emulators.azure_ml.clusters import Clusters, provisioning_state, scale_of, seconds_left
from local.emulators.azure_ml.contract import Cluster, ComputeEnvelope
from local.emulators.azure_ml.errors import Refusal, error_body, not_found
from local.emulators.documents import Document
from local.emulators.faults import Faults

_OPERATION = f"/subscriptions/{{subscription}}{PROVIDER}/locations/{{location}}/computeOperationsStatus/{{operation}}"
_STATES = ("idle", "running", "preparing", "unusable", "leaving", "preempted")
_SHORTEST, _LONGEST = 3, 32


class Computes:
    """The computes' part of the service.

    Args:
        clusters: What there is.
        faults: Says how many nodes are to be had, and how long they take.
        cancel: Ends a job whose cluster is removed.
    """

    def __init__(self, clusters: Clusters, faults: Faults, cancel: Callable[[str], None]) -> None:
        self._clusters = clusters
        self._faults = faults
        self._cancel = cancel

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        one = f"{WORKSPACE}/computes/{{name}}"
        return [
            Route(f"{WORKSPACE}/computes", endpoint(self._list)),
            Route(one, endpoint(self._put), methods=["PUT"]),
            Route(one, endpoint(self._get)),
            Route(one, endpoint(self._patch), methods=["PATCH"]),
            Route(one, endpoint(self._delete), methods=["DELETE"]),
            Route(f"{one}/listNodes", endpoint(self._nodes), methods=["POST"]),
            Route(_OPERATION, endpoint(self._operation)),
        ]

    def _put(self, call: Call) -> Response:
        name, asked = call.names["name"], call.body(ComputeEnvelope)
        _check_name(name)
        document: Document = {
            "name": name,
            "location": asked.location,
            "tags": asked.tags or {},
            "properties": asked.properties.document(),
        }
        kept = self._clusters.read(name)
        if kept is None or provisioning_state(kept) == "Failed":
            return self._accepted(call, self._make({**document, "created": time.time(), "making": "Creating"}), 201)
        _check_change(kept["properties"]["properties"], document["properties"]["properties"])
        return self._changed(call, {**kept, **document})

    def _patch(self, call: Call) -> Response:
        kept = self._found(call)
        body = call.json()
        scale = body.get("properties", {}).get("properties", {}).get("scaleSettings", {})
        properties = kept["properties"]["properties"]
        merged = {**properties, "scaleSettings": {**properties["scaleSettings"], **scale}}
        try:
            cluster = Cluster.model_validate({**kept["properties"], "properties": merged})
        except ValidationError as error:
            raise Refusal(f"The request is invalid. {error}", inner="ValidationError") from error
        return self._changed(call, {**kept, "properties": cluster.document()})

    def _delete(self, call: Call) -> Response:
        if call.query.get("underlyingResourceAction") not in {"Delete", "Detach"}:
            raise Refusal("The query parameter underlyingResourceAction must be Delete or Detach.")
        if self._clusters.read(call.names["name"]) is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        for job in self._clusters.remove(call.names["name"]):
            self._cancel(job)
        headers = self._operation_headers(call, f"delete-{call.names['name']}", 0)
        return Response(status_code=HTTPStatus.ACCEPTED, headers=headers)

    def _get(self, call: Call) -> Response:
        return JSONResponse(self._shown(call, self._found(call)))

    def _list(self, call: Call) -> Response:
        return JSONResponse({"value": [self._shown(call, one) for one in self._clusters.all()], "nextLink": None})

    def _nodes(self, call: Call) -> Response:
        self._found(call)
        now = time.time()
        nodes = [
            {"nodeId": node.id, "nodeState": node.state(now), "runId": node.job, "privateIpAddress": "127.0.0.1"}
            for node in self._clusters.nodes(call.names["name"])
        ]
        return JSONResponse({"nodes": nodes, "nextLink": None})

    def _operation(self, call: Call) -> Response:
        action, _, name = call.names["operation"].partition("-")
        document = self._clusters.read(name)
        shown: dict[str, Any] = {"id": call.address(""), "name": call.names["operation"], "status": "Succeeded"}
        if action != "delete" and document is not None:
            state = provisioning_state(document)
            shown["status"] = state if state in {"Succeeded", "Failed"} else "InProgress"
            if state == "Failed":
                shown |= document["error"]
        headers = {"Retry-After": "1"} if shown["status"] == "InProgress" else {}
        return JSONResponse(shown, headers=headers)

    def _make(self, document: Document) -> Document:
        wanted, quota = scale_of(document).max_node_count, self._faults.switches.quota_nodes
        document["ready_at"] = time.time() + self._faults.switches.provisioning_seconds
        document["error"] = None
        if quota is not None and wanted > quota:
            message = (
                "Operation could not be completed as it results in exceeding the approved quota: "
                f"{wanted} nodes were asked for, the limit is {quota}."
            )
            document["error"] = error_body("ClusterCoreQuotaReached", message)
        self._clusters.write(document)
        return document

    def _changed(self, call: Call, document: Document) -> Response:
        return JSONResponse(self._shown(call, self._make({**document, "making": "Updating"})))

    def _accepted(self, call: Call, document: Document, status: int) -> Response:
        # The first answer always says that it is under way, also where it is not: that is how the service does it.
        shown = self._shown(call, document)
        shown["properties"] |= {"provisioningState": document["making"], "provisioningErrors": None}
        headers = self._operation_headers(call, f"create-{document['name']}", seconds_left(document))
        return JSONResponse(shown, status, headers)

    def _operation_headers(self, call: Call, operation: str, seconds: int) -> dict[str, str]:
        names = {**call.names, "location": "local", "operation": operation}
        return {"Azure-AsyncOperation": call.address(_OPERATION.format(**names)), "Retry-After": str(min(1, seconds))}

    def _found(self, call: Call) -> Document:
        document = self._clusters.read(call.names["name"])
        if document is None:
            raise not_found("Compute", call.names["name"])
        return document

    def _shown(self, call: Call, document: Document) -> dict[str, Any]:
        now = time.time()
        nodes = self._clusters.nodes(document["name"])
        counts = Counter(node.state(now) for node in nodes)
        size = {
            **document["properties"]["properties"],
            "allocationState": "Resizing" if counts["preparing"] else "Steady",
            "allocationStateTransitionTime": timestamp(self._clusters.changed_at(document["name"])),
            "errors": None,
            "currentNodeCount": len(nodes) - counts["preparing"],
            "targetNodeCount": len(nodes),
            "nodeStateCounts": {f"{state}NodeCount": counts[state] for state in _STATES},
        }
        state = provisioning_state(document)
        properties = {
            **document["properties"],
            "computeLocation": document["location"],
            "provisioningState": state,
            "provisioningErrors": [document["error"]] if state == "Failed" else None,
            "createdOn": timestamp(document["created"]),
            "modifiedOn": timestamp(document["ready_at"]),
            "isAttachedCompute": False,
            "properties": size,
        }
        shown = resource(call, "computes", f"computes/{document['name']}", document["created"], properties)
        return {**shown, "location": document["location"], "tags": document["tags"]}


def _check_name(name: str) -> None:
    words = name.replace("-", "")
    fits = words.isascii() and words.isalnum() and name[0].isalpha() and name[-1].isalnum()
    if not (fits and _SHORTEST <= len(name) <= _LONGEST):
        raise Refusal(
            f"The compute name {name} is invalid. It has {_SHORTEST} to {_LONGEST} letters, digits and dashes, "
            "begins with a letter and ends with a letter or digit."
        )


def _check_change(kept: dict[str, Any], asked: dict[str, Any]) -> None:
    for name in ("vmSize", "vmPriority", "osType"):
        if name in asked and asked[name] != kept.get(name, asked[name]):
            raise Refusal(f"{name} of a cluster cannot be changed from {kept.get(name)} to {asked[name]}.")

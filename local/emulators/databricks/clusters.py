"""All-purpose clusters: they can be made, listed and named by tasks; no machine stands behind them."""

import os
import re
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.databricks.errors import invalid, json_object
from local.emulators.databricks.submission_shape import Cluster, read_as, without_nulls
from local.emulators.documents import Document, Documents

CLUSTERS_SETTING = "PIPEYARD_EMULATOR_CLUSTERS"
"""Environment variable: ids of clusters that are there from the start, with commas between them."""
_SPARK_VERSION = re.compile(r"\d+\.\d+\.(?:x|\d+)-(?:[a-z0-9]+-)*scala2\.1[123]")
_VERSIONS = {
    "17.3.x-scala2.13": "17.3 LTS (includes Apache Spark 4.0.0, Scala 2.13)",
    "16.4.x-scala2.12": "16.4 LTS (includes Apache Spark 3.5.2, Scala 2.12)",
    "15.4.x-scala2.12": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "14.3.x-scala2.12": "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)",
    "13.3.x-scala2.12": "13.3 LTS (includes Apache Spark 3.4.1, Scala 2.12)",
    "10.4.x-scala2.12": "10.4 LTS (includes Apache Spark 3.2.1, Scala 2.12)",
}
_NODES = {"Standard_DS3_v2": (4, 14336), "Standard_DS4_v2": (8, 28672), "Standard_D4ds_v5": (4, 16384)}
_ACTIONS = {"start": "RUNNING", "delete": "TERMINATED"}


def check_new_cluster(spec: Any) -> None:
    """Check the description of a cluster.

    Raises:
        ApiError: Something is wrong with it.
    """
    cluster = read_as(Cluster, spec)
    if not _SPARK_VERSION.fullmatch(cluster.spark_version):
        raise invalid(f"Invalid spark version {cluster.spark_version}.")
    if bool(cluster.node_type_id) == bool(cluster.instance_pool_id) and "policy_id" not in spec:
        raise invalid("Exactly one of node_type_id and instance_pool_id must be given for a cluster.")
    if {"num_workers", "autoscale"} <= set(spec):
        raise invalid("Only one of num_workers and autoscale may be given for a cluster.")
    if cluster.autoscale is not None and cluster.autoscale.min_workers > cluster.autoscale.max_workers:
        raise invalid("The min_workers of autoscale must not be above its max_workers.")
    if any(len(script) != 1 for script in cluster.init_scripts):
        raise invalid("An init script has exactly one place, such as workspace or volumes.")


def node_count(spec: dict[str, Any]) -> int:
    """Machines of a cluster at its largest, the driver's among them."""
    return 1 + int(spec.get("autoscale", {}).get("max_workers", spec.get("num_workers", 0)))


def new_cluster_id() -> str:
    """An id in Databricks' form."""
    return time.strftime("%m%d-%H%M%S-", time.gmtime()) + secrets.token_hex(4)


class Clusters:
    """The clusters and their routes."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        for name in filter(None, os.environ.get(CLUSTERS_SETTING, "").split(",")):
            spec = {"spark_version": next(iter(_VERSIONS)), "node_type_id": next(iter(_NODES)), "num_workers": 1}
            self._documents.add(name.strip(), _described(name.strip(), {"cluster_name": name.strip(), **spec}))

    def exists(self, cluster_id: Any) -> bool:
        """Whether there is a cluster of this id."""
        return isinstance(cluster_id, str) and bool(cluster_id) and self._documents.read(cluster_id) is not None

    def start(self, cluster_id: str) -> bool:
        """Have a cluster running; whether it was not."""
        stopped = (self._documents.read(cluster_id) or {}).get("state") == "TERMINATED"
        if stopped:
            self._documents.update(cluster_id, state="RUNNING")
        return stopped

    def routes(self) -> list[Route]:
        """What the Clusters API answers here."""
        return [
            Route(f"/api/{version}/clusters{path}", endpoint, methods=[method])
            for version in ("2.0", "2.1")
            for path, method, endpoint in (
                ("/create", "POST", self._create),
                ("/get", "GET", self._get),
                ("/list", "GET", self._list),
                ("/spark-versions", "GET", self._versions),
                ("/list-node-types", "GET", self._node_types),
                ("/start", "POST", self._act),
                ("/delete", "POST", self._act),
                ("/permanent-delete", "POST", self._remove),
            )
        ]

    async def _create(self, request: Request) -> Response:
        body = without_nulls(await json_object(request))
        check_new_cluster(body)
        cluster_id = new_cluster_id()
        self._documents.write(cluster_id, _described(cluster_id, body))
        return JSONResponse({"cluster_id": cluster_id})

    async def _get(self, request: Request) -> Response:
        return JSONResponse(self._known(request.query_params.get("cluster_id", "")))

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"clusters": [cluster for _, cluster in self._documents]})

    async def _versions(self, _: Request) -> Response:
        return JSONResponse({"versions": [{"key": key, "name": name} for key, name in _VERSIONS.items()]})

    async def _node_types(self, _: Request) -> Response:
        kinds = [
            {
                "node_type_id": name,
                "memory_mb": memory,
                "num_cores": cores,
                "description": name,
                "instance_type_id": name,
                "category": "General Purpose",
            }
            for name, (cores, memory) in _NODES.items()
        ]
        return JSONResponse({"node_types": kinds})

    async def _act(self, request: Request) -> Response:
        cluster = self._known((await json_object(request)).get("cluster_id"))
        self._documents.update(cluster["cluster_id"], state=_ACTIONS[request.url.path.rpartition("/")[2]])
        return JSONResponse({})

    async def _remove(self, request: Request) -> Response:
        self._documents.remove(self._known((await json_object(request)).get("cluster_id"))["cluster_id"])
        return JSONResponse({})

    def _known(self, cluster_id: Any) -> Document:
        found = self._documents.read(cluster_id) if isinstance(cluster_id, str) and cluster_id else None
        if found is None:
            raise invalid(f"Cluster {cluster_id} does not exist")
        return found


def _described(cluster_id: str, spec: dict[str, Any]) -> Document:
    now = int(time.time() * 1000)
    return {**spec, "cluster_id": cluster_id, "state": "RUNNING", "state_message": "", "start_time": now}

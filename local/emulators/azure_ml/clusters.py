"""Clusters and their nodes, which come with the jobs that wait for them and leave when they have been idle."""

import itertools
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from local.emulators.azure_ml.contract import ClusterProperties, ScaleSettings
from local.emulators.documents import Document, Documents
from local.emulators.faults import Faults

_LOOK_SECONDS = 0.1
_TURN_SECONDS = 1.0


@dataclass(slots=True)
class Node:
    """A machine of a cluster; `job` is what runs on it."""

    id: str
    ready_at: float
    idle_since: float
    job: str | None = None

    def state(self, now: float) -> str:
        """In the service's words."""
        if now < self.ready_at:
            return "preparing"
        return "running" if self.job else "idle"


@dataclass(slots=True)
class _Cluster:
    nodes: list[Node] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    changed_at: float = field(default_factory=time.time)


class Clusters:
    """All clusters of the workspace. What they are is kept; their nodes come up anew with the emulator."""

    def __init__(self, documents: Documents, faults: Faults) -> None:
        self._documents = documents
        self._faults = faults
        self._live: dict[str, _Cluster] = {}
        self._changed = threading.Condition()

    def read(self, name: str) -> Document | None:
        """A cluster as it was asked for; its name is the same in upper and lower case."""
        return self._documents.read(name.lower())

    def all(self) -> list[Document]:
        """All of them."""
        return [document for _, document in self._documents]

    def write(self, document: Document) -> None:
        """Make or change a cluster."""
        with self._changed:
            self._documents.write(document["name"].lower(), document)
            self._changed.notify_all()

    def remove(self, name: str) -> list[str]:
        """Remove a cluster; returns the jobs that it had or that waited for it."""
        with self._changed:
            self._documents.remove(name.lower())
            gone = self._live.pop(name.lower(), _Cluster())
            self._changed.notify_all()
            return sorted({*gone.queue, *(node.job for node in gone.nodes if node.job)})

    def nodes(self, name: str) -> list[Node]:
        """A cluster's nodes at this moment."""
        with self._changed:
            return list(self._settled(name.lower()).nodes)

    def changed_at(self, name: str) -> float:
        """When the number of nodes has last changed."""
        with self._changed:
            return self._settled(name.lower()).changed_at

    def take(self, name: str, job: str, count: int, given_up: Callable[[], bool]) -> bool:
        """Wait until the cluster has so many nodes for a job, first come, first served.

        Returns:
            Whether it has them; False if the job was given up meanwhile or the cluster is gone.
        """
        with self._changed:
            self._settled(name.lower()).queue.append(job)
            try:
                while not given_up() and self.read(name) is not None:
                    cluster = self._settled(name.lower())
                    is_next = cluster.queue[:1] == [job]
                    if is_next and self._assign(cluster, name, job, count):
                        return True
                    self._changed.wait(_LOOK_SECONDS if is_next else _TURN_SECONDS)
                return False
            finally:
                queue = self._settled(name.lower()).queue
                if job in queue:
                    queue.remove(job)
                self._changed.notify_all()

    def give_back(self, name: str, job: str, *, broken: bool = False) -> None:
        """Free a job's nodes; a broken one leaves the cluster."""
        with self._changed:
            cluster = self._settled(name.lower())
            own = [node for node in cluster.nodes if node.job == job]
            for node in own:
                node.job, node.idle_since = None, time.time()
            if broken and own:
                cluster.nodes.remove(own[0])
            self._changed.notify_all()

    def wake(self) -> None:
        """Have those that wait look whether they are given up."""
        with self._changed:
            self._changed.notify_all()

    def _assign(self, cluster: _Cluster, name: str, job: str, count: int) -> bool:
        now = time.time()
        free = [node for node in cluster.nodes if node.job is None]
        document = self.read(name)
        if document is None or provisioning_state(document, now) != "Succeeded":
            return False
        room = scale_of(document).max_node_count - len(cluster.nodes)
        if len(free) < count and len(free) + room >= count:
            self._grow(cluster, name.lower(), count - len(free))
            free = [node for node in cluster.nodes if node.job is None]
        ready = [node for node in free if node.ready_at <= now]
        if len(ready) < count:
            return False
        for node in ready[:count]:
            node.job = job
        return True

    def _settled(self, key: str) -> _Cluster:
        """A cluster after what time has brought: idle nodes that have left, and its least number."""
        cluster = self._live.setdefault(key, _Cluster())
        document = self.read(key)
        if document is None or provisioning_state(document) != "Succeeded":
            return cluster
        scale = scale_of(document)
        patience = scale.node_idle_time_before_scale_down.total_seconds()
        leaving = max(0, len(cluster.nodes) - scale.min_node_count) if not cluster.queue else 0
        too_many = len(cluster.nodes) - scale.max_node_count
        old = [n for n in cluster.nodes if n.job is None and n.idle_since + patience <= time.time()][:leaving]
        old = old or [n for n in cluster.nodes if n.job is None][: max(0, too_many)]
        for node in old:
            cluster.nodes.remove(node)
            cluster.changed_at = time.time()
        self._grow(cluster, key, scale.min_node_count - len(cluster.nodes))
        return cluster

    def _grow(self, cluster: _Cluster, key: str, count: int) -> None:
        ready_at = time.time() + self._faults.switches.provisioning_seconds
        for number in itertools.islice(cluster.numbers, max(0, count)):
            cluster.nodes.append(Node(f"tvm-{key}-{number}", ready_at, ready_at))
            cluster.changed_at = time.time()


def provisioning_state(document: Document, now: float | None = None) -> str:
    """How far a cluster has come."""
    if (time.time() if now is None else now) < document["ready_at"]:
        return str(document["making"])
    return "Failed" if document["error"] else "Succeeded"


def scale_of(document: Document) -> ScaleSettings:
    """A cluster's scale settings."""
    return ClusterProperties.model_validate(document["properties"]["properties"]).scale_settings


def seconds_left(document: Document) -> int:
    """How long a client should wait before it looks again whether a cluster is there."""
    ready_at: float = document["ready_at"]
    return max(0, math.ceil(ready_at - time.time()))

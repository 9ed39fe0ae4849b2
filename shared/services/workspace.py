"""The workspace at work: its ports, its step types, and what a process may remember about runs.

Everything remembered here is immutable once it is true (definitions, snapshots, steps that have ended), so that a
process that forgets it, or another one that never knew it, comes to the same answers from storage.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.core import names
from shared.core.compute_targets import ComputeTarget
from shared.core.datasets import Dataset
from shared.core.datastores import Datastore
from shared.core.definition import PipelineDefinition, StepDefinition
from shared.core.errors import BackendError, Conflict, NotFound
from shared.core.graph import Graph, build_graph
from shared.core.identifiers import newest_first_id
from shared.core.records import ReuseEntry, RunRecord, StepRecord
from shared.core.retention import KEEP_LONG, Retention
from shared.core.snapshots import SnapshotManifest
from shared.core.status import STEP_TERMINAL
from shared.core.webhooks import Webhook
from shared.ports.compute import TargetStatus
from shared.ports.services import Services
from shared.services import documents
from shared.services.data_files import DataFiles, DatasetFiles
from shared.services.limits import NO_LIMITS, Limits, RunLimits
from shared.services.observation import step_ended
from shared.services.recent import Recent
from shared.services.slots import Slots
from shared.steps.base import StepType

SIGNATURE_VALIDITY = timedelta(days=3)
"""Validity of the signed addresses in a job. They are signed for up to twice as long and shared between jobs, and a
user delegation key lives for seven days at most; a job that runs longer cannot upload its results."""

_SNAPSHOT_BELIEVED_SECONDS = 6 * 3600
"""How long a snapshot is believed to be there; a purge leaves what was asked for within the last day."""

DATASTORE_MEMORY = timedelta(seconds=10)
"""How long a datastore's record is believed: each step of a run asks for it several times."""

STATUS_MEMORY = timedelta(seconds=2)
"""How long the answer of a compute target's service is believed: whoever waits for one asks all the time."""


class Memory[Key: Hashable, Value]:
    """A bounded, thread-safe memo: the least recently used entry goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The remembered value, or what `make` returns (two threads may make it at once; one result stays)."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        value = make()
        with self._lock:
            value = self._entries.setdefault(key, value)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return value

    def forget(self, key: Key) -> None:
        """Make the value anew when it is next asked for."""
        with self._lock:
            self._entries.pop(key, None)


@dataclass(slots=True, kw_only=True)
class RunContext:
    """What is fixed about one run, and its steps that have ended.

    Attributes:
        run: The run's row as first read: only its unchanging fields may be used.
        latest: The latest results of the experiment's steps when the run was first looked at.
        read_at: When this process did so.
        data: Files behind each data reference, pinned at the first look, so that all steps see the same.
        datasets: Datasets by id with their files, pinned likewise.
        outside: What tells the content of files that compute targets keep, by target and path, pinned likewise.
        ended: Rows of steps in a terminal status.
        begun: Rows of steps under way as last seen here; a write that rests on an old one fails by the row's etag.
    """

    run: RunRecord
    definition: PipelineDefinition
    graph: Graph
    ordinals: dict[str, int]
    latest: dict[str, ReuseEntry]
    read_at: datetime
    data: dict[tuple[str, str], DataFiles] = field(default_factory=dict)
    datasets: dict[str, tuple[Dataset, DatasetFiles]] = field(default_factory=dict)
    outside: dict[tuple[str, str], str | BackendError] = field(default_factory=dict)
    ended: dict[int, StepRecord] = field(default_factory=dict)
    begun: dict[int, StepRecord] = field(default_factory=dict)

    def step(self, ordinal: int) -> StepDefinition:
        """The definition of a step."""
        return self.definition.steps[ordinal]


class Workspace:
    """One deployment. Made once per process by `bootstrap`; all methods are thread-safe."""

    def __init__(
        self,
        services: Services,
        step_types: Mapping[str, StepType],
        *,
        name: str,
        max_parallel_steps: int,
        max_local_jobs: int | None = None,
        limits: Limits = NO_LIMITS,
        webhook_retry_seconds: float = 5,
        retention: Retention = KEEP_LONG,
        purges: bool = False,
    ) -> None:
        self.services = services
        self.step_types = step_types
        self.name = name
        self.max_parallel_steps = max_parallel_steps
        self.run_limits = RunLimits(services, limits)
        self.webhook_retry_seconds = webhook_retry_seconds
        self.retention = retention
        self.purges = purges
        self._webhooks: Recent[list[Webhook]] = Recent()
        self.max_local_jobs = max_local_jobs
        self.slots = Slots(services.leases, self.now)
        self._compute_targets: Recent[ComputeTarget] = Recent()
        self.target_statuses: Recent[TargetStatus] = Recent(STATUS_MEMORY)
        self._contexts: Memory[str, RunContext] = Memory(64)
        self._definitions: Memory[str, PipelineDefinition] = Memory(64)
        self._manifests: Memory[str, SnapshotManifest] = Memory(256)
        self._snapshots: Memory[tuple[str, int], bool] = Memory(1024)
        self._built_in = {record.name: record for record in services.datastores.built_in}
        self._datastores: dict[str, tuple[datetime, Datastore]] = {}

    def now(self) -> datetime:
        """Current time, aware, in UTC."""
        return self.services.clock.now()

    def new_id(self) -> str:
        """An id for something that is listed newest first."""
        return newest_first_id(self.now(), secrets.randbits(74))

    def webhooks(self) -> list[Webhook]:
        """Every webhook, as it was some seconds ago at most: asked for at the end of each run."""
        return self._webhooks.get(Webhook.kind, self.now(), lambda: self.services.catalogue.all(Webhook)) or []

    def forget_webhooks(self) -> None:
        """Read the webhooks anew when they are next asked for."""
        self._webhooks.forget(Webhook.kind)

    def definition(self, definition_id: str) -> PipelineDefinition:
        """A stored definition.

        Raises:
            NotFound: It was never stored.
        """
        return self._definitions.get(
            definition_id, lambda: documents.load_definition(self.services.blobs, definition_id)
        )

    def manifest(self, snapshot_id: str) -> SnapshotManifest:
        """A registered snapshot.

        Raises:
            NotFound: It was never registered.
        """
        return self._manifests.get(snapshot_id, lambda: documents.load_manifest(self.services.blobs, snapshot_id))

    def datastore(self, name: str) -> Datastore | None:
        """A datastore by name; what another process changed is seen after some seconds."""
        if name in self._built_in:
            return self._built_in[name]
        now = self.now()
        read_at, record = self._datastores.get(name, (None, None))
        if read_at is not None and now - read_at < DATASTORE_MEMORY:
            return record
        found = self.services.catalogue.find(Datastore, name)
        if found is None:
            self._datastores.pop(name, None)
        else:
            self._datastores[name] = (now, found)
        return found

    def forget_datastore(self, name: str) -> None:
        """Read a datastore's record anew when it is next asked for."""
        self._datastores.pop(name, None)

    def compute_target(self, name: str) -> ComputeTarget | None:
        """A registered compute target by name; what another process changed is seen after some seconds."""
        key = name.lower()
        return self._compute_targets.get(key, self.now(), lambda: self.services.catalogue.find(ComputeTarget, key))

    def forget_compute_target(self, name: str) -> None:
        """Read a compute target's record anew when it is next asked for."""
        self._compute_targets.forget(name.lower())

    def has_snapshot(self, snapshot_id: str) -> bool:
        """Whether there is such a snapshot. A purge lets it be for days from now on, until something refers to it."""
        hours = int(self.now().timestamp()) // _SNAPSHOT_BELIEVED_SECONDS
        try:
            return self._snapshots.get((snapshot_id, hours), lambda: self._renew_snapshot(snapshot_id))
        except NotFound:
            return False

    def _renew_snapshot(self, snapshot_id: str) -> bool:
        if not self.services.blobs.renew(names.SYSTEM_CONTAINER, documents.manifest_blob(snapshot_id)):
            raise NotFound(f"There is no snapshot {snapshot_id}.")
        return True

    def file_digests(self, snapshot_id: str | None) -> dict[str, str] | None:
        """Digest by path of a snapshot's files; None where there is no such snapshot (any more)."""
        if snapshot_id is None:
            return None
        try:
            return {file.path: file.sha256 for file in self.manifest(snapshot_id).files}
        except NotFound:
            return None

    def context(self, run_id: str) -> RunContext:
        """The run's context.

        Raises:
            NotFound: No such run.
        """
        return self._contexts.get(run_id, lambda: self.make_context(self.services.runs.get_run(run_id)))

    def forget_run(self, run_id: str) -> None:
        """Remember nothing of a run that was removed."""
        self._contexts.forget(run_id)

    def make_context(self, run: RunRecord, definition: PipelineDefinition | None = None) -> RunContext:
        """A context that is not remembered; with a definition, for planning a run that does not exist."""
        definition = definition or self.definition(run.definition_id)
        return RunContext(
            run=run,
            definition=definition,
            graph=build_graph(definition),
            ordinals={step.name: ordinal for ordinal, step in enumerate(definition.steps)},
            read_at=self.now(),
            latest=self.services.reuse.latest(run.experiment),
        )

    def ended_steps(self, context: RunContext, ordinals: list[int]) -> dict[int, StepRecord]:
        """Rows of those of the given steps that have ended."""
        missing = [ordinal for ordinal in ordinals if ordinal not in context.ended]
        # One row costs one request, a whole partition costs one per thousand rows.
        if len(missing) > 3:  # noqa: PLR2004
            found = self.services.runs.get_steps(context.run.run_id)
        else:
            rows = (self.services.runs.get_step(context.run.run_id, ordinal) for ordinal in missing)
            found = [row for row in rows if row is not None]
        context.ended.update({row.ordinal: row for row in found if row.status in STEP_TERMINAL})
        return {ordinal: context.ended[ordinal] for ordinal in ordinals if ordinal in context.ended}

    def record(self, context: RunContext, row: StepRecord) -> StepRecord:
        """Write a step's row; durable when this returns.

        Raises:
            Conflict: The row was changed since it was read, or exists although it was thought not to. What this
                process remembers of it is dropped, so that the next look is a fresh one.
        """
        runs, run_id = self.services.runs, context.run.run_id
        context.begun.pop(row.ordinal, None)
        written = runs.insert_step(run_id, row) if row.etag is None else runs.replace_step(run_id, row)
        if written is None:
            raise Conflict(f"Step `{row.name}` of run {run_id} has begun already.")
        if written.status in STEP_TERMINAL:
            context.ended[row.ordinal] = written
            step_ended(context.run.experiment, written)
        else:
            context.begun[row.ordinal] = written
        return written

    def record_ends(self, context: RunContext, rows: list[StepRecord]) -> None:
        """Write the rows of many steps that have ended without ever beginning."""
        self.services.runs.put_steps(context.run.run_id, rows)
        context.ended.update({row.ordinal: row for row in rows})
        for row in rows:
            step_ended(context.run.experiment, row)

    def read_grant(self, container: str) -> tuple[str, str]:
        """Base URL and signature with which a job reads blobs of a container."""
        return self.services.blobs.read_grant(container, SIGNATURE_VALIDITY)

    def artifact_target(self, run_id: str, ordinal: int) -> tuple[str, str]:
        """Base URL and signature with which a job writes its log, metrics and files."""
        prefix = names.artifact_prefix(run_id, ordinal)
        return self.services.blobs.upload_target(names.ARTIFACT_CONTAINER, prefix, SIGNATURE_VALIDITY)

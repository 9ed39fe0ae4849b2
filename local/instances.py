"""What the hub remembers of an orchestration: the instance, and the execution that is running it now.

An instance lives from its start to its end; an execution from a start or continue-as-new to the next one. Results of
timers, activities and sub-orchestrations belong to the execution that asked for them and are dropped with it: their
task numbers start again from 1 in the next execution, where they would complete the wrong task.
"""

import asyncio
import time
import uuid
from dataclasses import dataclass, field

import durabletask.internal.orchestrator_service_pb2 as pb

from local import events

FINISHED = frozenset(
    {
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
        pb.ORCHESTRATION_STATUS_TERMINATED,
        pb.ORCHESTRATION_STATUS_CANCELED,
    }
)


class Execution:
    """One generation of an instance: its history, what waits to be delivered, and its timers."""

    __slots__ = ("_clock", "_past", "children", "execution_id", "inbox", "instance", "open", "timers")

    def __init__(self, instance: "Instance", first: list[pb.HistoryEvent]) -> None:
        self.instance = instance
        self.execution_id = uuid.uuid4().hex
        self.inbox = first
        self.timers: dict[int, asyncio.TimerHandle] = {}
        self.children: list[str] = []
        self.open = True
        self._clock = 0.0
        head = pb.OrchestratorRequest(instanceId=instance.instance_id, executionId=events.text(self.execution_id))
        # The history is kept encoded, as the front part of the next request: protobuf messages merge when their
        # encodings are joined, so a turn encodes only its new events and never copies the old ones one by one.
        self._past = bytearray(head.SerializeToString())

    def take(self) -> list[pb.HistoryEvent]:
        """Empty the inbox into the events of a new turn. The clock never runs back and never before a fired timer."""
        fired = [events.seconds(event.timerFired.fireAt) for event in self.inbox if event.HasField("timerFired")]
        self._clock = max(time.time(), self._clock, *fired)
        turn = [events.orchestrator_started(self._clock), *self.inbox]
        self.inbox = []
        return turn

    def request(self, turn: list[pb.HistoryEvent]) -> bytes:
        """Encoded OrchestratorRequest: the whole history as past events and `turn` as new ones."""
        fresh: bytes = pb.OrchestratorRequest(newEvents=turn).SerializeToString()
        return bytes(self._past) + fresh

    def record(self, turn: list[pb.HistoryEvent]) -> None:
        """Append to the history."""
        self._past += pb.OrchestratorRequest(pastEvents=turn).SerializeToString()

    def history(self) -> list[pb.HistoryEvent]:
        """The events so far, decoded."""
        return list(pb.OrchestratorRequest.FromString(bytes(self._past)).pastEvents)

    def close(self) -> None:
        """End this generation: pending timers are cancelled, late results find it closed."""
        self.open = False
        self.inbox = []
        self._past = bytearray()
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()


@dataclass(frozen=True, slots=True)
class Parent:
    """Where the result of a sub-orchestration goes."""

    execution: Execution
    task_id: int


@dataclass(slots=True, kw_only=True, eq=False)
class Instance:
    """An orchestration, live or finished. A finished one keeps only these fields; its execution is gone."""

    instance_id: str
    name: str
    version: str | None = None
    input: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    parent: Parent | None = None
    parent_id: str | None = None
    start_at: float | None = None
    execution: Execution | None = None
    status: pb.OrchestrationStatus = pb.ORCHESTRATION_STATUS_PENDING
    output: str | None = None
    custom_status: str | None = None
    failure: pb.TaskFailureDetails | None = None
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    completed: float | None = None
    queued: bool = False
    """In the hub's queue of turns, or in a turn: an instance is never in two turns at once."""
    suspended: bool = False
    waiters: list[tuple[bool, asyncio.Future[None]]] = field(default_factory=list)
    """(wait for the end rather than for the start, future to resolve)."""

    @property
    def finished(self) -> bool:
        """Whether this orchestration has ended, in whatever way."""
        return self.status in FINISHED

    @property
    def shown_status(self) -> pb.OrchestrationStatus:
        """Status as clients see it."""
        return pb.ORCHESTRATION_STATUS_SUSPENDED if self.suspended and not self.finished else self.status

    def begin(self, carried: list[pb.HistoryEvent]) -> Execution:
        """Open a new execution that starts with `carried` events in its inbox."""
        execution = Execution(self, [])
        self.execution = execution
        execution.inbox = [self._started(execution), *carried]
        return execution

    def _started(self, execution: Execution) -> pb.HistoryEvent:
        started = pb.ExecutionStartedEvent(
            name=self.name,
            version=events.text(self.version),
            input=events.text(self.input),
            orchestrationInstance=pb.OrchestrationInstance(
                instanceId=self.instance_id, executionId=events.text(execution.execution_id)
            ),
            tags=self.tags,
        )
        if self.parent_id is not None:
            started.parentInstance.orchestrationInstance.instanceId = self.parent_id
        return pb.HistoryEvent(eventId=-1, timestamp=events.now(), executionStarted=started)

    def wake(self) -> None:
        """Resolve the waiters whose condition holds now."""
        waiting = []
        for until_end, future in self.waiters:
            if future.done():
                continue
            if self.finished or (not until_end and self.status != pb.ORCHESTRATION_STATUS_PENDING):
                future.set_result(None)
            else:
                waiting.append((until_end, future))
        self.waiters = waiting

    def weight(self) -> int:
        """Approximate size in memory of the finished record, in bytes."""
        return 512 + sum(len(value) for value in (self.input, self.output, self.custom_status) if value)

    def state(self, *, payloads: bool) -> pb.OrchestrationState:
        """Status as the protocol reports it; `payloads` adds input, output and custom status."""
        state = pb.OrchestrationState(
            instanceId=self.instance_id,
            name=self.name,
            version=events.text(self.version),
            orchestrationStatus=self.shown_status,
            createdTimestamp=events.timestamp(self.created),
            lastUpdatedTimestamp=events.timestamp(self.updated),
            failureDetails=self.failure,
            parentInstanceId=events.text(self.parent_id),
            tags=self.tags,
        )
        if self.execution is not None:
            state.executionId.value = self.execution.execution_id
        if self.start_at is not None:
            state.scheduledStartTimestamp.CopyFrom(events.timestamp(self.start_at))
        if self.completed is not None:
            state.completedTimestamp.CopyFrom(events.timestamp(self.completed))
        if payloads:
            for name in ("input", "output"):
                if (value := getattr(self, name)) is not None:
                    getattr(state, name).value = value
            if self.custom_status is not None:
                state.customStatus.value = self.custom_status
        return state

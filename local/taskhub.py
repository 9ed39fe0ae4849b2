"""The task hub of the local workspace: durable orchestrations in memory, on one event loop.

A turn gives an orchestration its history and what happened since; the orchestrator answers with actions, which
`local.actions` carries out. Everything here runs on the loop's thread, so there are no locks; other threads and
processes come in through `local.sidecar`. Nothing survives a restart: the app restarts its open runs from its tables.
"""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

import durabletask.internal.orchestrator_service_pb2 as pb

from local import actions, events
from local.instance_table import AlreadyExistsError, InstanceTable
from local.instances import Execution, Instance, Parent

log = logging.getLogger(__name__)

RunOrchestrator = Callable[[str, bytes], Awaitable[pb.OrchestratorResponse]]
"""(orchestrator name, encoded OrchestratorRequest) -> response."""
RunActivity = Callable[[str, str | None, str, int], Awaitable[str | None]]
"""(activity name, input as JSON, instance id, task number) -> result as JSON."""

MAX_ACTIVITIES = 32
MAX_TURNS = 4
"""Turns are pure Python and share the interpreter lock: more at once would only take turns slower."""


class TaskFailure(Exception):
    """What an activity raised, as the caller sees it."""

    def __init__(self, error_type: str, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.details = events.failure(error_type, message, stack)


@dataclass(frozen=True, slots=True)
class _Activity:
    execution: Execution
    name: str
    input: str | None
    task_id: int


class TaskHub:
    """Starts, feeds and ends orchestrations."""

    def __init__(
        self,
        run_orchestrator: RunOrchestrator,
        run_activity: RunActivity,
        *,
        max_activities: int = MAX_ACTIVITIES,
        max_turns: int = MAX_TURNS,
    ) -> None:
        self._run_orchestrator = run_orchestrator
        self._run_activity = run_activity
        self._max_activities = max_activities
        self._max_turns = max_turns
        self.instances = InstanceTable()
        self._turns: deque[Instance] = deque()
        self._activities: deque[_Activity] = deque()
        self._turn_tasks: set[asyncio.Task[None]] = set()
        self._activity_tasks: set[asyncio.Task[None]] = set()
        self._paused = False

    # ---- instances

    def start(self, instance: Instance, replaceable: frozenset[int] | None = None) -> None:
        """Begin an orchestration.

        Args:
            instance: A fresh one.
            replaceable: Statuses in which an instance of the same id gives way; None means any finished one.

        Raises:
            AlreadyExistsError: An instance of that id is in another status.
        """
        existing = self.instances.holder(instance.instance_id, replaceable)
        if existing is not None:
            self.terminate(existing, None)
            self.instances.forget(existing)
        self.instances.add(instance)
        instance.begin([])
        delay = (instance.start_at or 0.0) - time.time()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self._start_due, instance)
        else:
            self.schedule(instance)

    def _start_due(self, instance: Instance) -> None:
        instance.start_at = None
        self.schedule(instance)

    def start_child(self, parent: Execution, action: pb.OrchestratorAction) -> None:
        """Begin a sub-orchestration whose result goes to `parent`."""
        asked = action.createSubOrchestration
        child = Instance(
            instance_id=asked.instanceId or uuid.uuid4().hex,
            name=asked.name,
            version=asked.version.value if asked.HasField("version") else None,
            input=asked.input.value if asked.HasField("input") else None,
            tags=dict(asked.tags),
            parent=Parent(parent, action.id),
            parent_id=parent.instance.instance_id,
        )
        try:
            self.start(child)
        except AlreadyExistsError as error:
            self.deliver(parent, events.child_failed(action.id, events.failure("AlreadyExistsError", str(error))))
        else:
            parent.children.append(child.instance_id)

    def raise_event(self, instance: Instance, name: str, data: str | None) -> None:
        """Give an external event to a live instance; a finished one ignores it."""
        if instance.execution is not None:
            self.deliver(instance.execution, events.event_raised(name, data))

    def suspend(self, instance: Instance) -> None:
        """Hold an instance: events are kept until it is resumed."""
        if not instance.finished:
            instance.suspended = True
            instance.updated = time.time()

    def resume(self, instance: Instance) -> None:
        """Let a suspended instance go on."""
        instance.suspended = False
        instance.updated = time.time()
        self.schedule(instance)

    def terminate(self, instance: Instance, output: str | None, *, recursive: bool = False) -> None:
        """End an instance at once. A turn in flight is discarded; activities in flight run out unheard."""
        if instance.execution is None:
            return
        children = list(instance.execution.children) if recursive else []
        self.finish(instance, pb.ORCHESTRATION_STATUS_TERMINATED, output, None)
        for child_id in children:
            if (child := self.instances.get(child_id)) is not None:
                self.terminate(child, output, recursive=True)

    async def wait(self, instance: Instance, *, until_end: bool) -> None:
        """Return when the instance has started, or (`until_end`) has finished."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        instance.waiters.append((until_end, future))
        instance.wake()
        await future

    # ---- what actions need

    def deliver(self, execution: Execution, event: pb.HistoryEvent) -> None:
        """Put an event before an execution, unless that execution is over."""
        if execution.open:
            execution.inbox.append(event)
            self.schedule(execution.instance)

    def set_timer(self, execution: Execution, action: pb.OrchestratorAction) -> None:
        """Deliver a timer event when its time has come; due ones still wait for the next turn of the loop."""
        fire_at = action.createTimer.fireAt
        delay = max(0.0, events.seconds(fire_at) - time.time())
        timer_id = action.id

        def fire() -> None:
            execution.timers.pop(timer_id, None)
            self.deliver(execution, events.timer_fired(timer_id, fire_at))

        execution.timers[timer_id] = asyncio.get_running_loop().call_later(delay, fire)

    def queue_activity(self, execution: Execution, action: pb.OrchestratorAction) -> None:
        """Run an activity when there is room."""
        asked = action.scheduleTask
        data = asked.input.value if asked.HasField("input") else None
        self._activities.append(_Activity(execution, asked.name, data, action.id))
        self._pump()

    def finish(
        self,
        instance: Instance,
        status: pb.OrchestrationStatus,
        output: str | None,
        failure: pb.TaskFailureDetails | None,
    ) -> None:
        """Turn a live instance into a finished record, and tell its parent and whoever waits."""
        execution, parent = instance.execution, instance.parent
        if execution is not None:
            execution.close()
        instance.execution = instance.parent = None
        instance.status, instance.output, instance.failure = status, output, failure
        instance.completed = instance.updated = time.time()
        if parent is not None:
            if status == pb.ORCHESTRATION_STATUS_COMPLETED:
                event = events.child_completed(parent.task_id, output)
            else:
                details = failure or events.failure("OrchestrationTerminated", "The orchestration was terminated.")
                event = events.child_failed(parent.task_id, details)
            self.deliver(parent.execution, event)
        instance.wake()
        self.instances.keep_record(instance)

    # ---- turns and activities

    def schedule(self, instance: Instance) -> None:
        """Queue a turn for an instance that has something to do."""
        execution = instance.execution
        if execution is None or instance.queued or instance.suspended or not execution.inbox:
            return
        if instance.start_at is not None and instance.start_at > time.time():
            return
        instance.queued = True
        self._turns.append(instance)
        self._pump()

    def _pump(self) -> None:
        # Turns have slots of their own, so an orchestration never waits behind a queue of activities.
        if self._paused:
            return
        while self._turns and len(self._turn_tasks) < self._max_turns:
            self._spawn(self._turn_tasks, self._turn(self._turns.popleft()))
        while self._activities and len(self._activity_tasks) < self._max_activities:
            self._spawn(self._activity_tasks, self._activity(self._activities.popleft()))

    def _spawn(self, group: set[asyncio.Task[None]], work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        group.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            group.discard(ended)
            if not ended.cancelled() and (error := ended.exception()) is not None:
                log.error("The task hub failed inside", exc_info=error)
            self._pump()

        task.add_done_callback(done)

    async def _turn(self, instance: Instance) -> None:
        execution = instance.execution
        try:
            if execution is not None and not instance.suspended:
                await self._run_turn(instance, execution)
        finally:
            instance.queued = False
            self.schedule(instance)

    async def _run_turn(self, instance: Instance, execution: Execution) -> None:
        if instance.status == pb.ORCHESTRATION_STATUS_PENDING:
            instance.status = pb.ORCHESTRATION_STATUS_RUNNING
            instance.wake()
        turn = execution.take()
        try:
            response = await self._run_orchestrator(instance.name, execution.request(turn))
        except Exception as error:  # noqa: BLE001 -- whatever breaks in a turn fails that orchestration, not the hub
            if execution.open:
                self.finish(instance, pb.ORCHESTRATION_STATUS_FAILED, None, _details(error))
            return
        if not execution.open:  # terminated or replaced while the turn ran
            return
        if response.HasField("customStatus"):
            instance.custom_status = response.customStatus.value
        instance.updated = time.time()
        actions.carry_out(self, execution, turn, response.actions)

    async def _activity(self, activity: _Activity) -> None:
        instance_id = activity.execution.instance.instance_id
        try:
            result = await self._run_activity(activity.name, activity.input, instance_id, activity.task_id)
        except Exception as error:  # noqa: BLE001 -- an activity's failure is a result like any other
            self.deliver(activity.execution, events.task_failed(activity.task_id, _details(error)))
        else:
            self.deliver(activity.execution, events.task_completed(activity.task_id, result))

    # ---- end

    def pause(self) -> None:
        """Start no more turns or activities."""
        self._paused = True

    async def stop(self) -> None:
        """Drop all work; what runs in threads is left to itself."""
        self.pause()
        tasks = [*self._turn_tasks, *self._activity_tasks]
        for task in tasks:
            task.cancel()
        for instance in self.instances:
            for _, future in instance.waiters:
                future.cancel()
            if instance.execution is not None:
                instance.execution.close()
        await asyncio.gather(*tasks, return_exceptions=True)


def _details(error: Exception) -> pb.TaskFailureDetails:
    return error.details if isinstance(error, TaskFailure) else events.failure(type(error).__name__, str(error))

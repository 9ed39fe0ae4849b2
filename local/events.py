"""Builders of the history events and failure details that the hub writes."""

import time

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf import timestamp_pb2, wrappers_pb2  # type: ignore[import-untyped]

_STACK_LIMIT = 4096
"""Failure details are replayed with the history on every turn, so only the end of a stack trace is kept."""


def text(value: str | None) -> wrappers_pb2.StringValue | None:
    """Optional protobuf string."""
    return None if value is None else wrappers_pb2.StringValue(value=value)


def timestamp(seconds: float) -> timestamp_pb2.Timestamp:
    """Protobuf form of seconds since the epoch."""
    whole, fraction = divmod(seconds, 1)
    return timestamp_pb2.Timestamp(seconds=int(whole), nanos=int(fraction * 1e9))


def seconds(value: timestamp_pb2.Timestamp) -> float:
    """Seconds since the epoch of a protobuf timestamp."""
    return float(value.seconds) + float(value.nanos) / 1e9


def now() -> timestamp_pb2.Timestamp:
    """The present, as the hub stamps it on events."""
    return timestamp(time.time())


def failure(error_type: str, message: str, stack: str = "") -> pb.TaskFailureDetails:
    """Failure details as a Functions app reports them: bare class name, message, end of the stack."""
    return pb.TaskFailureDetails(
        errorType=error_type, errorMessage=message, stackTrace=text(stack[-_STACK_LIMIT:] if stack else None)
    )


def orchestrator_started(at: float) -> pb.HistoryEvent:
    """Opens a turn; the orchestration's clock reads `at` until the next one."""
    return pb.HistoryEvent(eventId=-1, timestamp=timestamp(at), orchestratorStarted=pb.OrchestratorStartedEvent())


def event_raised(name: str, data: str | None) -> pb.HistoryEvent:
    """An external event."""
    return pb.HistoryEvent(eventId=-1, timestamp=now(), eventRaised=pb.EventRaisedEvent(name=name, input=text(data)))


def event_sent(action: pb.OrchestratorAction) -> pb.HistoryEvent:
    """Confirms that an orchestration sent an event to another one."""
    sent = action.sendEvent
    data = sent.data.value if sent.HasField("data") else None
    return pb.HistoryEvent(
        eventId=action.id,
        timestamp=now(),
        eventSent=pb.EventSentEvent(instanceId=sent.instance.instanceId, name=sent.name, input=text(data)),
    )


def task_scheduled(action: pb.OrchestratorAction) -> pb.HistoryEvent:
    """Confirms that an activity was scheduled. Its input is left out: replay reads only the name."""
    return pb.HistoryEvent(
        eventId=action.id, timestamp=now(), taskScheduled=pb.TaskScheduledEvent(name=action.scheduleTask.name)
    )


def task_completed(task_id: int, result: str | None) -> pb.HistoryEvent:
    """Result of an activity."""
    return pb.HistoryEvent(
        eventId=-1,
        timestamp=now(),
        taskCompleted=pb.TaskCompletedEvent(taskScheduledId=task_id, result=text(result)),
    )


def task_failed(task_id: int, details: pb.TaskFailureDetails) -> pb.HistoryEvent:
    """Failure of an activity."""
    return pb.HistoryEvent(
        eventId=-1,
        timestamp=now(),
        taskFailed=pb.TaskFailedEvent(taskScheduledId=task_id, failureDetails=details),
    )


def child_created(action: pb.OrchestratorAction) -> pb.HistoryEvent:
    """Confirms that a sub-orchestration was created. Its input is left out: replay reads only name and id."""
    child = action.createSubOrchestration
    created = pb.SubOrchestrationInstanceCreatedEvent(instanceId=child.instanceId, name=child.name)
    return pb.HistoryEvent(eventId=action.id, timestamp=now(), subOrchestrationInstanceCreated=created)


def child_completed(task_id: int, result: str | None) -> pb.HistoryEvent:
    """Result of a sub-orchestration."""
    completed = pb.SubOrchestrationInstanceCompletedEvent(taskScheduledId=task_id, result=text(result))
    return pb.HistoryEvent(eventId=-1, timestamp=now(), subOrchestrationInstanceCompleted=completed)


def child_failed(task_id: int, details: pb.TaskFailureDetails) -> pb.HistoryEvent:
    """Failure of a sub-orchestration."""
    failed = pb.SubOrchestrationInstanceFailedEvent(taskScheduledId=task_id, failureDetails=details)
    return pb.HistoryEvent(eventId=-1, timestamp=now(), subOrchestrationInstanceFailed=failed)


def timer_created(action: pb.OrchestratorAction) -> pb.HistoryEvent:
    """Confirms that a timer was set."""
    return pb.HistoryEvent(
        eventId=action.id, timestamp=now(), timerCreated=pb.TimerCreatedEvent(fireAt=action.createTimer.fireAt)
    )


def timer_fired(timer_id: int, fire_at: timestamp_pb2.Timestamp) -> pb.HistoryEvent:
    """A timer went off."""
    return pb.HistoryEvent(eventId=-1, timestamp=now(), timerFired=pb.TimerFiredEvent(timerId=timer_id, fireAt=fire_at))

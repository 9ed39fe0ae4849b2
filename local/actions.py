"""What an orchestrator asked for in a turn, carried out on the hub."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import durabletask.internal.orchestrator_service_pb2 as pb

from local import events
from local.instances import Execution

if TYPE_CHECKING:
    from local.taskhub import TaskHub

_CONTINUED = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW


def carry_out(
    hub: "TaskHub", execution: Execution, turn: list[pb.HistoryEvent], asked: Iterable[pb.OrchestratorAction]
) -> None:
    """Record the turn and do what it asked for; its completion, if any, comes last."""
    completion: pb.CompleteOrchestrationAction | None = None
    confirmed: list[pb.HistoryEvent] = []
    for action in asked:
        if action.HasField("completeOrchestration"):
            completion = action.completeOrchestration
        elif (event := _carry_out_one(hub, execution, action)) is not None:
            confirmed.append(event)
        else:
            _refuse(hub, execution, action)
            return
    if completion is None:
        execution.record([*turn, *confirmed])
    elif completion.orchestrationStatus == _CONTINUED:
        _continue_as_new(hub, execution, completion)
    else:
        _complete(hub, execution, completion)


def _carry_out_one(hub: "TaskHub", execution: Execution, action: pb.OrchestratorAction) -> pb.HistoryEvent | None:
    """Returns the event that confirms the action in the history, or None for one the hub cannot do."""
    match action.WhichOneof("orchestratorActionType"):
        case "scheduleTask":
            hub.queue_activity(execution, action)
            return events.task_scheduled(action)
        case "createTimer":
            hub.set_timer(execution, action)
            return events.timer_created(action)
        case "createSubOrchestration":
            hub.start_child(execution, action)
            return events.child_created(action)
        case "sendEvent":
            _send_event(hub, action.sendEvent)
            return events.event_sent(action)
        case _:
            return None


def _send_event(hub: "TaskHub", sent: pb.SendEventAction) -> None:
    # As on Azure, an event for an instance that does not exist is lost without an error.
    if (target := hub.instances.get(sent.instance.instanceId)) is not None:
        hub.raise_event(target, sent.name, sent.data.value if sent.HasField("data") else None)


def _refuse(hub: "TaskHub", execution: Execution, action: pb.OrchestratorAction) -> None:
    kind = action.WhichOneof("orchestratorActionType")
    reason = f"The local workspace cannot do {kind}: entities and rewind need Azure."
    hub.finish(execution.instance, pb.ORCHESTRATION_STATUS_FAILED, None, events.failure("NotSupportedError", reason))


def _complete(hub: "TaskHub", execution: Execution, completion: pb.CompleteOrchestrationAction) -> None:
    hub.finish(
        execution.instance,
        completion.orchestrationStatus,
        completion.result.value if completion.HasField("result") else None,
        completion.failureDetails if completion.HasField("failureDetails") else None,
    )


def _continue_as_new(hub: "TaskHub", execution: Execution, completion: pb.CompleteOrchestrationAction) -> None:
    """Begin the next execution with the carried events, then the ones that arrived during the turn."""
    instance = execution.instance
    arrived = [event for event in execution.inbox if event.HasField("eventRaised")]
    execution.close()
    instance.input = completion.result.value if completion.HasField("result") else None
    if completion.HasField("newVersion"):
        instance.version = completion.newVersion.value
    instance.begin([*completion.carryoverEvents, *arrived])
    hub.schedule(instance)

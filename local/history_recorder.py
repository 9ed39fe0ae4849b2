"""Writes down what orchestrations were told and what they asked for, so that it can be replayed to later code.

One file for each generation of an orchestration, written again after each of its turns.
"""

import json
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from local.taskhub import RunOrchestrator


class HistoryRecorder:
    """Stands between the hub and the orchestrators.

    Args:
        run: Runs a turn.
        folder: Where the histories go.
    """

    def __init__(self, run: RunOrchestrator, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._turns: dict[str, list[dict[str, Any]]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    async def __call__(self, name: str, request: bytes) -> pb.OrchestratorResponse:
        """Run a turn and write it down."""
        response = await self._run(name, request)
        told = pb.OrchestratorRequest()
        told.ParseFromString(request)
        execution = told.executionId.value
        turns = self._turns.setdefault(execution, [])
        turns.append(
            {
                "past": len(told.pastEvents),
                "new": len(told.newEvents),
                "actions": [MessageToDict(action) for action in response.actions],
            }
        )
        events = [*told.pastEvents, *told.newEvents]
        document = {
            "orchestrator": name,
            "instance_id": told.instanceId,
            "version": _version(events),
            "events": [MessageToDict(event) for event in events],
            "turns": turns,
        }
        path = self._folder / f"{name}.{told.instanceId}.{execution}.json"
        path.write_text(json.dumps(document, indent=1), encoding="utf-8")
        return response


def _version(events: list[pb.HistoryEvent]) -> str | None:
    for event in events:
        if event.HasField("executionStarted") and event.executionStarted.HasField("version"):
            version: str = event.executionStarted.version.value
            return version
    return None

"""Recorded histories of orchestrations, and today's orchestrators replaying them."""

import base64
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
from azure.durable_functions.worker import DurableFunctionsWorker
from google.protobuf.json_format import MessageToDict, ParseDict  # type: ignore[import-untyped]

from orchestrators.collect_arrivals import collect_arrivals
from orchestrators.deliver_webhook import deliver_webhook
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_step import run_step
from shared.core import names

Json = dict[str, Any]

HISTORIES = Path(__file__).parent / "histories"
ORCHESTRATORS: dict[str, Callable[..., Any]] = {
    names.RUN_PIPELINE: run_pipeline,
    names.RUN_STEP: run_step,
    names.DELIVER_WEBHOOK: deliver_webhook,
    names.COLLECT_ARRIVALS: collect_arrivals,
}


def load(path: Path) -> Json:
    """A history as it was recorded."""
    return dict(without_stacks(json.loads(path.read_text(encoding="utf-8"))))


def without_stacks(document: Any) -> Any:
    """The same without stack traces: they name places in files, and nothing depends on them."""
    if isinstance(document, dict):
        return {key: without_stacks(value) for key, value in document.items() if key != "stackTrace"}
    return [without_stacks(each) for each in document] if isinstance(document, list) else document


def replayed(history: Json, turn: Json, orchestrator: Callable[..., Any] | None = None) -> list[Json]:
    """What the orchestrator asks for in a turn."""
    events = [ParseDict(event, pb.HistoryEvent()) for event in history["events"]]
    split = turn["past"]
    request = pb.OrchestratorRequest(
        instanceId=history["instance_id"], pastEvents=events[:split], newEvents=events[split : split + turn["new"]]
    )
    encoded = base64.b64encode(request.SerializeToString())
    orchestrator = orchestrator or ORCHESTRATORS[history["orchestrator"]]
    answer = DurableFunctionsWorker().execute_orchestration_request(orchestrator, encoded)
    response = pb.OrchestratorResponse()
    response.ParseFromString(base64.b64decode(answer))
    return [dict(without_stacks(MessageToDict(action))) for action in response.actions]


def goes_on(history: Json) -> bool:
    """Whether today's code asks for the same in every turn."""
    return all(replayed(history, turn) == turn["actions"] for turn in history["turns"])


def is_whole(history: Json) -> bool:
    """Whether it has every turn from the beginning of a generation to its end, and every event."""
    turns = history["turns"]
    if turns[0]["past"] != 0:
        return False
    for turn, following in pairwise(turns):
        # The hub confirms each action of a turn with one event before the next.
        if following["past"] != turn["past"] + turn["new"] + len(turn["actions"]):
            return False
    ends = [any("completeOrchestration" in action for action in turn["actions"]) for turn in turns]
    return ends == [False] * (len(turns) - 1) + [True] and turns[-1]["past"] + turns[-1]["new"] == len(
        history["events"]
    )


def happenings(history: Json) -> set[str]:
    """What it was told and asked for, each only once: how often a look at a job was repeated does not count."""
    return {_word(each) for each in [*history["events"], *history["turns"][-1]["actions"]]}


def _word(event: Json) -> str:
    kind = next(key for key in event if key not in {"id", "eventId", "timestamp"})
    details = event[kind]
    return " ".join([kind, *(str(details[key]) for key in ("name", "orchestrationStatus") if key in details)])

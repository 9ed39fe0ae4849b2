"""Runs that are under way when the app is upgraded: recorded histories are replayed to today's orchestrators.

A history is what an orchestration was told and what it asked for, turn by turn, under some version. Code that asks for
something else in the same place would end such a run with an error.
"""

import base64
import json
from pathlib import Path
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
import pytest
from azure.durable_functions.worker import DurableFunctionsWorker
from google.protobuf.json_format import MessageToDict, ParseDict  # type: ignore[import-untyped]

from local.host_settings import default_version
from orchestrators.collect_arrivals import collect_arrivals
from orchestrators.deliver_webhook import deliver_webhook
from orchestrators.run_pipeline import run_pipeline
from orchestrators.run_step import run_step
from shared.core import names

ROOT = Path(__file__).parents[1]
HISTORIES = ROOT / "tests/golden/histories"
FILES = sorted(HISTORIES.glob("*/*.json"))
ORCHESTRATORS = {
    names.RUN_PIPELINE: run_pipeline,
    names.RUN_STEP: run_step,
    names.DELIVER_WEBHOOK: deliver_webhook,
    names.COLLECT_ARRIVALS: collect_arrivals,
}
ADVICE = (
    "A run of version {version} that is under way would fail or go astray. Keep its path (branch on `ctx.version`), "
    "raise `defaultVersion` in host.json, and record the new one: python -m tests.golden.record_histories"
)

# The durable library warns once per process about its own converter.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def replayed(history: dict[str, Any], turn: dict[str, Any], orchestrator: Any) -> list[dict[str, Any]]:
    """What the orchestrator asks for in a turn."""
    events = [ParseDict(event, pb.HistoryEvent()) for event in history["events"]]
    split = turn["past"]
    request = pb.OrchestratorRequest(
        instanceId=history["instance_id"], pastEvents=events[:split], newEvents=events[split : split + turn["new"]]
    )
    encoded = base64.b64encode(request.SerializeToString())
    answer = DurableFunctionsWorker().execute_orchestration_request(orchestrator, encoded)
    response = pb.OrchestratorResponse()
    response.ParseFromString(base64.b64decode(answer))
    return [MessageToDict(action) for action in response.actions]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recorded_history_can_go_on_with_todays_code(path: Path) -> None:
    history = load(path)
    assert history["version"] == path.parent.name
    for turn in history["turns"]:
        asked = replayed(history, turn, ORCHESTRATORS[history["orchestrator"]])
        assert asked == turn["actions"], ADVICE.format(version=history["version"])


def test_every_orchestrator_has_histories_of_the_present_version() -> None:
    version = default_version(ROOT)
    recorded = {load(path)["orchestrator"] for path in FILES if path.parent.name == version}
    missing = ORCHESTRATORS.keys() - recorded
    assert not missing, f"Record version {version}: python -m tests.golden.record_histories"
    app = json.loads((ROOT / "tests/golden/functions.json").read_text(encoding="utf-8"))
    declared = {name for name, bindings in app.items() if bindings[0]["type"] == "orchestrationTrigger"}
    assert declared - {"BuiltIn__HttpPollOrchestrator"} == ORCHESTRATORS.keys()


def test_a_changed_orchestrator_is_found_out() -> None:
    path = next(path for path in FILES if path.stem.startswith(f"{names.RUN_STEP}.finished"))
    history = load(path)

    def changed(ctx: Any, payload: dict[str, Any]) -> Any:
        yield ctx.call_activity(names.CHECK_STEP, input=payload)
        yield from run_step(ctx, payload)

    changed.__name__ = "run_step"
    assert replayed(history, history["turns"][-1], changed) != history["turns"][-1]["actions"]

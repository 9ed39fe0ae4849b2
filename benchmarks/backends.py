"""What a job costs on each back-end: until it is accepted, how often it is looked at, how often the service is called.

Every back-end runs the same tiny step several times, one run each, in a local workspace with emulated services. The
floor is a bare request to the same emulator, and an interpreter that imports nothing.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks._client import Client
from local.demo_workspace import ROOT, running_workspace

RUNS = 5
IMPORTS = 5
LOOK_SECONDS = 0.003
ACCEPT_LIMIT_SECONDS = 60.0

CLUSTER = {"spark_version": "16.4.x-scala2.12", "node_type": "Standard_DS3_v2", "num_workers": 1}
SCRIPT = "print('done')\n"
USQL = '@a = SELECT * FROM (VALUES (1)) AS t(x);\nOUTPUT @a TO "@@out@@/a.csv" USING Outputters.Csv();\n'


@dataclass(frozen=True, slots=True)
class Case:
    """A back-end and the step that runs on it.

    Attributes:
        target: Body of the compute target; None for the one that is built in.
        accepts: Method and part of the path of the call that hands a job over.
        polls: Part of the path of the calls that look at a job.
        module: Module of the back-end.
        step: Type and settings of its step.
    """

    name: str
    target: dict[str, Any] | None
    accepts: tuple[str, str]
    polls: tuple[str, str]
    module: str
    step: dict[str, Any]


CASES = (
    Case(
        "local_process",
        None,
        ("", ""),
        ("", ""),
        "shared.adapters.compute.local_process",
        {"type": "python_script", "settings": {"script_name": "step.py"}},
    ),
    Case(
        "azure_ml",
        {"type": "AmlCompute", "properties": {"emulated": True, "vm_size": "STANDARD_DS3_V2", "max_nodes": 2}},
        ("PUT", "/jobs/"),
        ("GET", "/jobs/"),
        "shared.adapters.compute.azure_ml",
        {"type": "python_script", "settings": {"script_name": "step.py"}},
    ),
    Case(
        "databricks",
        {"type": "Databricks", "attach": True, "properties": {"emulated": True}},
        ("POST", "/runs/submit"),
        ("GET", "/runs/get"),
        "shared.adapters.compute.databricks",
        {"type": "databricks", "settings": {**CLUSTER, "python_script_name": "step.py"}},
    ),
    Case(
        "data_lake_analytics",
        {"type": "DataLakeAnalytics", "attach": True, "properties": {"emulated": True}},
        ("PUT", "/Jobs/"),
        ("GET", "/Jobs/"),
        "shared.adapters.compute.data_lake_analytics",
        {"type": "data_lake_analytics", "settings": {"script_name": "step.usql"}, "outputs": {"out": {}}},
    ),
)


def run() -> dict[str, Any]:
    """Measure; progress goes to stderr."""
    bare = _median(lambda: _import_seconds("pass"))
    results: dict[str, Any] = {"runs": RUNS, "bare_interpreter_s": round(bare, 3)}
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as name, running_workspace(Path(name) / "data") as url:
        client = Client(url)
        emulators = _emulators(Path(name) / "data")
        for case in CASES:
            measured = _measure(client, case, emulators.get(case.name))
            seconds = _median(partial(_import_seconds, f"import {case.module}"))
            measured |= {"import_s": round(seconds - bare, 3), "import_ratio": round(seconds / bare, 1)}
            results[case.name] = measured
            print(case.name, ", ".join(f"{key} {value}" for key, value in measured.items()), file=sys.stderr)
    return results


def _measure(client: Client, case: Case, emulator: str | None) -> dict[str, Any]:
    target = "local"
    if case.target is not None:
        target = case.name.replace("_", "-")
        client.http.put(f"/api/compute-targets/{target}", json=case.target).raise_for_status()
        _until(lambda: client.http.get(f"/api/compute-targets/{target}").json()["provisioning_state"] == "Succeeded")
    client.run(_definition(client, case, target))  # emulator, environment and code are there from now on
    service = None if emulator is None else httpx.Client(base_url=emulator)
    accepted: list[float] = []
    ended: list[float] = []
    if service is not None:
        service.delete("/_emulator/requests")
    for _ in range(RUNS):
        seconds, accept = _one(client, _definition(client, case, target), case, service)
        ended.append(seconds)
        accepted.append(accept)
    result: dict[str, Any] = {"end_to_end_s": round(statistics.median(ended), 2)}
    if service is None:
        return result
    calls = _calls(service)
    floor = _median(lambda: _timed(lambda: service.get("/_emulator/faults")))
    accept = statistics.median(accepted)
    return {
        "accepted_ms": round(accept * 1000, 1),
        "accepted_ratio": round(accept / floor, 1),
        "polls_per_job": round(_count(calls, case.polls) / RUNS, 1),
        "calls_per_job": round(sum(calls.values()) / RUNS, 1),
        **result,
    }


def _one(client: Client, definition: dict[str, Any], case: Case, service: httpx.Client | None) -> tuple[float, float]:
    """Seconds to the run's end, and from the submit until the service has answered that it has the job."""
    before = 0 if service is None else _count(_calls(service), case.accepts)
    begun, submitted = time.perf_counter(), time.time()
    answer = client.http.post("/api/runs", json={"definition": definition}).raise_for_status().json()
    accept = 0.0
    if service is not None:
        _until(lambda: _count(_calls(service), case.accepts) > before)
        accept = time.perf_counter() - begun
    ended = datetime.fromisoformat(client.wait(answer)["ended_at"]).timestamp()
    return ended - submitted, accept


def _definition(client: Client, case: Case, target: str) -> dict[str, Any]:
    name, text = ("step.usql", USQL) if case.name == "data_lake_analytics" else ("step.py", SCRIPT)
    snapshot = client.snapshot(name, text)
    step = {"name": "step", "snapshot": snapshot, "compute_target": target, "allow_reuse": False, **case.step}
    return {"schema_version": 1, "name": f"bench-{uuid.uuid4().hex[:8]}", "steps": [step]}


def _emulators(data: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((data / "workspace.json").read_text())["emulators"]
    return found


def _calls(service: httpx.Client) -> Counter[tuple[str, str]]:
    """How often each method and path was answered."""
    found = service.get("/_emulator/requests").raise_for_status().json()
    return Counter((call["method"], call["path"]) for call in found if call["status"] is not None)


def _count(calls: Counter[tuple[str, str]], wanted: tuple[str, str]) -> int:
    method, part = wanted
    return sum(count for (used, path), count in calls.items() if used == method and part.lower() in path.lower())


def _import_seconds(statement: str) -> float:
    return _timed(lambda: subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True))


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _median(measure: Callable[[], float]) -> float:
    measure()
    return statistics.median(measure() for _ in range(IMPORTS))


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ACCEPT_LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {ACCEPT_LIMIT_SECONDS} s")
        time.sleep(LOOK_SECONDS)

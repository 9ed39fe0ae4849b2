"""What Pipeyard adds to the processes that it runs, on this machine's local workspace.

Each pipeline of tiny script steps is run three times with new keys, the floor (the same processes spawned plainly)
before and after each; the medians count. Then: a re-submit in which everything is reused, the time from a submit to
the first step's process, storage requests and activities per step, and the import of the app.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._client import Client
from benchmarks._pipelines import SCRIPT, SCRIPT_NAME, Edges, chain, definition, fan, floor_seconds
from local.demo_workspace import running_workspace

REPEATS = 3
FAN = 100
CHAIN = 50
STAMP = "import sys, time\nopen(sys.argv[1], 'w').write(str(time.time()))\nprint(time.time())\n"


def run() -> dict[str, Any]:
    """Measure everything; progress goes to stderr."""
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as folder:
        requests = Path(folder, "requests.log")
        os.environ["PIPEYARD_AZURITE_LOG"] = str(requests)
        with running_workspace(Path(folder, "data")) as url:
            client = Client(url)
            snapshot = client.snapshot(SCRIPT_NAME, SCRIPT)
            client.run(definition(fan(4), snapshot, 4, "warm"))
            result: dict[str, Any] = {
                "fan100_w2": _ratio(client, snapshot, fan(FAN), 2, "fan100_w2"),
                "fan100_w8": _ratio(client, snapshot, fan(FAN), 8, "fan100_w8"),
                "chain50": _ratio(client, snapshot, chain(CHAIN), 8, "chain50"),
            }
            result |= _reused(client, snapshot)
            result["submit_to_process_ms"] = _submit_to_process_ms(client)
            result |= _counts(client, snapshot, requests)
    result["import_function_app_s"] = _import_seconds()
    for name, value in result.items():
        print(f"{name:28} {value}", file=sys.stderr)
    return result


def _ratio(client: Client, snapshot: str, edges: Edges, width: int, name: str) -> dict[str, float]:
    walls, floors = [], []
    for repeat in range(REPEATS):
        floors.append(floor_seconds(edges, width))
        _, seconds = client.run(definition(edges, snapshot, width, f"{name}-{repeat}-{time.time()}"))
        walls.append(seconds)
        floors.append(floor_seconds(edges, width))
    wall, floor = statistics.median(walls), statistics.median(floors)
    return {"wall_s": round(wall, 3), "floor_s": round(floor, 3), "ratio": round(wall / floor, 2)}


def _reused(client: Client, snapshot: str) -> dict[str, Any]:
    pipeline = definition(fan(FAN - 2), snapshot, 8, f"reused-{time.time()}")
    client.run(pipeline)
    walls = []
    for _ in range(REPEATS):
        run, seconds = client.run(pipeline)
        if run["step_counts"] != {"Reused": FAN}:
            raise RuntimeError(f"not everything was reused: {run['step_counts']}")
        walls.append(seconds)
    return {"reused100": {"wall_s": round(statistics.median(walls), 3)}}


def _submit_to_process_ms(client: Client) -> float:
    """From the request to the first line of the step's script, interpreter start included."""
    snapshot = client.snapshot("stamp.py", STAMP)
    times = []
    for repeat in range(9):
        step = {
            "name": "stamp",
            "settings": {"script_name": "stamp.py"},
            "snapshot": snapshot,
            "outputs": {"out": {}},
            "arguments": [{"output": "out"}, f"{repeat}-{time.time()}"],
        }
        before = time.time()
        run, _ = client.run({"name": "stamp", "steps": [step]})
        log = client.http.get(f"/api/runs/{run['run_id']}/steps/stamp/logs").raise_for_status().json()["text"]
        times.append((float(log) - before) * 1000)
    return round(statistics.median(times), 1)


def _counts(client: Client, snapshot: str, requests: Path) -> dict[str, float]:
    """Requests that Azurite saw and activities that the host invoked, per step, submit and waiting included."""
    pipeline = definition(fan(FAN - 2), snapshot, 8, f"counts-{time.time()}")
    counts: dict[str, float] = {}
    for name in ("run", "reused"):
        lines, invoked = _lines(requests), client.invocations()
        body = {"definition": pipeline}
        run = client.http.post("/api/runs", json=body).raise_for_status().json()
        _wait_quietly(client, run["run_id"])
        counts[f"storage_ops_per_step_{name}"] = round((_lines(requests) - lines) / FAN, 2)
        after = client.invocations()
        activities = sum(after[each] - invoked[each] for each in after if each.endswith(("_step", "_run", "_steps")))
        orchestrations = after["run_step"] - invoked["run_step"]
        counts[f"activities_per_step_{name}"] = round((activities - orchestrations) / FAN, 2)
    return counts


def _wait_quietly(client: Client, run_id: str) -> None:
    """Wait with few requests, so that the count is about the run and not about the waiting."""
    while client.http.get(f"/api/runs/{run_id}").raise_for_status().json()["status"] in {"NotStarted", "Running"}:
        time.sleep(1)
    time.sleep(1)


def _lines(path: Path) -> int:
    return sum(1 for line in path.open(errors="replace") if " HTTP/1.1" in line)


def _import_seconds() -> float:
    command = [
        sys.executable,
        "-c",
        "import time; t = time.perf_counter(); import function_app; print(time.perf_counter() - t)",
    ]
    times = [
        float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout) for _ in range(5)
    ]
    return round(statistics.median(times), 3)

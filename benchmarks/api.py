"""Requests a second and waiting times of submit, list and status, with 1, 8 and 32 clients at once.

Every request must be answered well, and every run that was accepted must be on record and finish. The floor is the
same clients against a server that answers at once with a fixed body, so that what the clients themselves cost on this
machine is known. A submitted run is one step whose result is reused: the API and the engine work, nothing else does.
"""

import http.client
import http.server
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks._client import Client
from benchmarks._pipelines import SCRIPT, SCRIPT_NAME, definition
from local.demo_workspace import running_workspace

CLIENTS = (1, 8, 32)
SECONDS = 6.0
PAGE = 50
EXPERIMENT = "api"
LONGEST_WAIT_SECONDS = 300.0
SETTINGS = {"PIPEYARD_RUNS_PER_MINUTE": "1000000", "PIPEYARD_MAX_ACTIVE_RUNS": "1000000"}
"""The limits are there to be reached; here they are out of the way."""

type Request = tuple[str, str, bytes | None]
type Measured = dict[str, float]


def run() -> dict[str, Any]:
    """Measure everything; progress goes to stderr."""
    result: dict[str, Any] = {"floor": _floor()}
    with (
        tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as folder,
        running_workspace(Path(folder, "data"), SETTINGS) as url,
    ):
        client = Client(url)
        snapshot = client.snapshot(SCRIPT_NAME, SCRIPT)
        pipeline = definition([[]], snapshot, 1, "api")
        warm, _ = client.run(pipeline, experiment_name=EXPERIMENT)
        body = json.dumps({"definition": pipeline, "experiment_name": EXPERIMENT}).encode()
        requests: dict[str, Request] = {
            "status": ("GET", f"/api/runs/{warm['run_id']}", None),
            "list": ("GET", f"/api/runs?experiment={EXPERIMENT}&page_size={PAGE}", None),
            "submit": ("POST", "/api/runs", body),
        }
        accepted: set[str] = {warm["run_id"]}
        for name, request in requests.items():
            result[name] = {}
            for clients in CLIENTS:
                measured, answers = _load(url, request, clients)
                result[name][str(clients)] = measured
                if name == "submit":
                    accepted |= {json.loads(answer)["run_id"] for answer in answers}
                    _wait_for_all(client, accepted)
        result["runs_accepted_and_finished"] = len(accepted)
    _report(result)
    return result


def _load(url: str, request: Request, clients: int) -> tuple[Measured, list[bytes]]:
    """Send a request over and over from several clients, each with a connection of its own."""
    times: list[float] = []
    answers: list[bytes] = []
    end = time.perf_counter() + SECONDS

    def work() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        while time.perf_counter() < end:
            started = time.perf_counter()
            answers.append(_send(connection, request))
            times.append(time.perf_counter() - started)
        connection.close()

    started = time.perf_counter()
    _together(work, clients)
    took = time.perf_counter() - started
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    measured = {"per_second": len(times) / took, "p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}
    return {name: round(value, 2) for name, value in measured.items()}, answers


def _send(connection: http.client.HTTPConnection, request: Request) -> bytes:
    method, path, body = request
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    answer = response.read()
    if response.status not in {200, 201}:
        raise RuntimeError(f"{method} {path} answered {response.status}: {answer[:300]!r}")
    return answer


def _together(work: Callable[[], None], clients: int) -> None:
    with ThreadPoolExecutor(clients) as pool:
        for future in [pool.submit(work) for _ in range(clients)]:
            future.result()


def _wait_for_all(client: Client, accepted: set[str]) -> None:
    """Every accepted run is on record, and all of them finish.

    Raises:
        RuntimeError: A run is missing, or did not finish.
    """
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        statuses = _statuses(client)
        lost = accepted - set(statuses)
        if lost:
            raise RuntimeError(f"{len(lost)} accepted runs are not on record, such as {min(lost)}")
        pending = {status for run_id, status in statuses.items() if run_id in accepted} - {"Finished"}
        if not pending:
            return
        if pending - {"NotStarted", "Running"} or time.monotonic() > deadline:
            raise RuntimeError(f"runs ended as, or stayed, {sorted(pending)}")
        time.sleep(1)


def _statuses(client: Client) -> dict[str, str]:
    found: dict[str, str] = {}
    token: str | None = None
    while True:
        query = {"experiment": EXPERIMENT, "page_size": "200"} | ({"continuation_token": token} if token else {})
        page = client.http.get("/api/runs", params=query).raise_for_status().json()
        found |= {run["run_id"]: run["status"] for run in page["value"]}
        token = page["continuation_token"]
        if token is None:
            return found


class _AtOnce(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet; two would wait for each other

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing."""


def _floor() -> dict[str, Measured]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _AtOnce)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        return {str(clients): _load(url, ("GET", "/", None), clients)[0] for clients in CLIENTS}
    finally:
        server.shutdown()
        server.server_close()


def _report(result: dict[str, Any]) -> None:
    for name, value in result.items():
        if isinstance(value, dict):
            for clients, measured in value.items():
                print(f"{name:10} {clients:>3} clients  {measured}", file=sys.stderr)
        else:
            print(f"{name:28} {value}", file=sys.stderr)

"""A bare HTTP client of a workspace: what a benchmark needs, and nothing that would cost time of its own."""

import hashlib
import time
from datetime import datetime
from typing import Any

import httpx

POLL_SECONDS = 0.25
"""Rare, because each poll costs the workspace work; the time is taken from the run's row, not from the poll."""
LONGEST_RUN_SECONDS = 900.0


class Client:
    """Uploads one-file snapshots, submits runs, waits for them."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60)

    def snapshot(self, name: str, source: str) -> str:
        """Upload a source directory of one file; returns its id."""
        data = source.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        body = {"files": [{"path": name, "sha256": sha256, "size": len(data)}]}
        answer = self._post("/api/snapshots", body)
        if answer["missing"]:
            self.http.put(f"/api/snapshots/files/{sha256}", content=data).raise_for_status()
            answer = self._post("/api/snapshots", body)
        return str(answer["snapshot_id"])

    def run(self, definition: dict[str, Any], **request: Any) -> tuple[dict[str, Any], float]:
        """Submit and wait; returns the run and the seconds from the request to the end that its row records.

        Raises:
            RuntimeError: The run did not finish.
        """
        started = time.time()
        run = self.wait(self._post("/api/runs", {"definition": definition, **request}))
        return run, datetime.fromisoformat(run["ended_at"]).timestamp() - started

    def wait(self, run: dict[str, Any]) -> dict[str, Any]:
        """Wait for a run's end; returns the run.

        Raises:
            RuntimeError: It did not finish.
        """
        started = time.time()
        while run["status"] in {"NotStarted", "Running"}:
            if time.time() - started > LONGEST_RUN_SECONDS:
                raise RuntimeError(f"run {run['run_id']} is {run['status']} after {LONGEST_RUN_SECONDS} s")
            time.sleep(POLL_SECONDS)
            run = self.http.get(f"/api/runs/{run['run_id']}").raise_for_status().json()
        if run["status"] != "Finished":
            raise RuntimeError(f"run {run['run_id']} {run['status']}: {run['error']}")
        return run

    def steps(self, run_id: str) -> list[dict[str, Any]]:
        """The step runs of a run."""
        value: list[dict[str, Any]] = self.http.get(f"/api/runs/{run_id}/steps").raise_for_status().json()["value"]
        return value

    def invocations(self) -> dict[str, int]:
        """How often the local host has invoked each function."""
        functions = self.http.get("/admin/functions").raise_for_status().json()
        return {function["name"]: function["invocations"] for function in functions}

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, json=body).raise_for_status().json()
        return answer

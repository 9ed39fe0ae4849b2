"""The workspace's routes (docs/http-api.md) as methods: one each, typed, without rules of their own."""

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Self, cast
from urllib.parse import quote

import httpx

from pipeyard import _wire
from pipeyard._clients._paging import part
from pipeyard._config import WorkspaceLocation
from pipeyard._http import HttpSession
from pipeyard._tokens import Auth


class Client:
    """A workspace over HTTP. Safe for several threads; close it or use it in a `with` block."""

    def __init__(
        self,
        location: WorkspaceLocation,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        auth: Auth | None = None,
    ) -> None:
        self.http = HttpSession(location, transport=transport, sleep=sleep, auth=auth)
        self.sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close pooled connections."""
        self.http.close()

    def validate(self, definition: _wire.Definition) -> list[str]:
        """Check a definition; returns its warnings.

        Raises:
            UserErrorException: The definition is wrong; `faults` lists everything.
        """
        return cast("list[str]", self.http.post("/api/validate", definition).get("warnings", []))

    def plan(self, request: _wire.RunRequest) -> list[_wire.PlannedStep]:
        """What a submit would run and what it would reuse. Nothing is written."""
        return cast("list[_wire.PlannedStep]", self.http.post("/api/plan", request)["steps"])

    def submit(self, request: _wire.RunRequest, *, idempotency_key: str | None = None) -> _wire.RunDocument:
        """Start a run. Safe to repeat with the same key: the first run is the answer. Without a key, one is made."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return cast("_wire.RunDocument", self.http.post("/api/runs", request, headers=headers))

    def list_runs(
        self,
        *,
        experiment: str | None = None,
        pipeline: str | None = None,
        status: str | None = None,
        page_size: int | None = None,
        continuation_token: str | None = None,
    ) -> _wire.RunPage:
        """One page of runs, newest first."""
        query = {
            "experiment": experiment,
            "pipeline": pipeline,
            "status": status,
            "page_size": page_size,
            "continuation_token": continuation_token,
        }
        return cast("_wire.RunPage", self.http.get("/api/runs", query))

    def get_run(self, run_id: str) -> _wire.RunDocument:
        """A run."""
        return cast("_wire.RunDocument", self.http.get(_run(run_id)))

    def get_steps(self, run_id: str) -> list[_wire.StepRunDocument]:
        """Every step of a run in the definition's order, those that have not begun included."""
        return cast("list[_wire.StepRunDocument]", self.http.get(f"{_run(run_id)}/steps")["value"])

    def get_step(self, run_id: str, step: str) -> _wire.StepRunDocument:
        """A step run by its step's name."""
        return cast("_wire.StepRunDocument", self.http.get(_step(run_id, step)))

    def get_log(self, run_id: str, step: str, *, offset: int = 0, attempt: int | None = None) -> _wire.LogPage:
        """What a step has written since `offset` bytes; the last try unless `attempt` names one."""
        query = {"offset": offset, "attempt": attempt}
        return cast("_wire.LogPage", self.http.get(f"{_step(run_id, step)}/logs", query))

    def get_metrics(self, run_id: str, step: str) -> list[_wire.MetricDocument]:
        """A step's metrics in logging order."""
        return cast("list[_wire.MetricDocument]", self.http.get(f"{_step(run_id, step)}/metrics")["value"])

    def get_outputs(self, run_id: str, step: str) -> list[_wire.OutputDocument]:
        """A step's outputs."""
        return cast("list[_wire.OutputDocument]", self.http.get(f"{_step(run_id, step)}/outputs")["value"])

    def get_output_url(self, run_id: str, step: str, output: str, path: str) -> str:
        """A short-lived URL of one file of an output; `path` is "" for an output that is one file."""
        return self.http.redirect_of(f"{_step(run_id, step)}/outputs/{part(output)}/files/{quote(path)}")

    def explain(self, run_id: str, step: str | None = None) -> list[_wire.StepExplanation]:
        """Why each step ran or was reused."""
        return cast("list[_wire.StepExplanation]", self.http.get(f"{_run(run_id)}/explain", {"step": step})["value"])

    def cancel(self, run_id: str) -> _wire.RunDocument:
        """Ask for the run's end; it is `Canceled` once every job has ended."""
        return cast("_wire.RunDocument", self.http.post(f"{_run(run_id)}/cancel"))

    def resume(self, run_id: str) -> _wire.RunDocument:
        """Start a new run of the same request, in which finished steps are reused."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return cast("_wire.RunDocument", self.http.post(f"{_run(run_id)}/resume", headers=headers))

    def register_snapshot(self, files: Sequence[_wire.FileDocument]) -> _wire.SnapshotAnswer:
        """Announce a snapshot; it is registered once nothing is missing."""
        return cast("_wire.SnapshotAnswer", self.http.post("/api/snapshots", {"files": list(files)}))

    def put_snapshot_file(self, sha256: str, content: bytes) -> None:
        """Upload one missing file of a snapshot."""
        self.http.send("PUT", f"/api/snapshots/files/{sha256}", content=content)


def _run(run_id: str) -> str:
    return f"/api/runs/{part(run_id)}"


def _step(run_id: str, step: str) -> str:
    return f"{_run(run_id)}/steps/{part(step)}"

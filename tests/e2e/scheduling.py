"""Schedules of the end-to-end tests: a published pipeline whose one step leaves a note, and ticks by hand."""

import time
import uuid
from typing import Any

import httpx

from tests.e2e.workspace import DATASTORE, Api, Flow, Json
from tests.waiting import until


class Scheduling:
    """One published pipeline, and what its schedules did."""

    def __init__(self, flow: Flow, script: str = "note(); out()") -> None:
        self.flow = flow
        self.api: Api = flow.api
        self.folder = f"in-{uuid.uuid4().hex[:8]}"
        definition = {**flow.definition(flow.step("only", script)), "parameters": PARAMETERS}
        self.pipeline: str = self.api.post(
            "/api/published-pipelines", {"name": flow.name, "definition": definition}, status=201
        )["id"]

    def document(self, **fields: Any) -> Json:
        return {
            "name": self.flow.name,
            "published_pipeline_id": self.pipeline,
            "experiment_name": self.flow.name,
            **fields,
        }

    def create(self, **fields: Any) -> str:
        schedule_id: str = self.api.post("/api/schedules", self.document(**fields), status=201)["id"]
        return schedule_id

    def waiting(self, **trigger: Any) -> str:
        """A schedule that waits for files in a folder of its own."""
        return self.create(datastore_trigger={"datastore": DATASTORE, "path": self.folder, **trigger})

    def upload(self, *names: str, data: bytes = b"x") -> list[str]:
        paths = [f"{self.folder}/{name}" for name in names]
        for path in paths:
            self.api.upload(path, data)
        return paths

    def tick(self) -> None:
        """One tick of the workspace's timer."""
        fire(self.api.url, "tick")

    def runs(self, schedule_id: str) -> list[Json]:
        return list(self.api.get("/api/runs", schedule_id=schedule_id)["value"])

    def history(self, schedule_id: str) -> list[Json]:
        return list(self.api.get(f"/api/schedules/{schedule_id}/history")["value"])

    def wait_for_runs(self, schedule_id: str, count: int = 1, *, limit: float = 100) -> list[Json]:
        until(lambda: len(self.runs(schedule_id)) >= count, f"{count} runs", limit=limit)
        return self.runs(schedule_id)

    def settled(self, schedule_id: str) -> list[Json]:
        """The runs, once nothing of a burst is under way any more: each run has its line."""
        until(lambda: len(self.history(schedule_id)) >= len(self.runs(schedule_id)) > 0, "the history")
        self.tick()
        time.sleep(0.3)  # Nothing can be waited for: what must not happen is another run.
        return self.runs(schedule_id)


PARAMETERS = {
    "files": {"type": "string", "default": "[]"},
    "data": {"type": "data_path", "default": {"datastore": DATASTORE, "path": "x"}},
}


def fire(url: str, function: str, body: Json | None = None) -> None:
    """Run a function by hand, as `POST /admin/functions/<name>` of the Functions host does."""
    answer = httpx.post(f"{url}/admin/functions/{function}", json=body, timeout=30)
    assert answer.status_code == 202, answer.text

"""A workspace that writes down the histories of its orchestrations, and what scenarios do with it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.workspace import Api, Flow, Json, Server
from tests.golden.replay import is_whole, load
from tests.waiting import until

LIMIT = 180
GATED = "note(); gate(); out()"


@dataclass(frozen=True)
class Stage:
    """A workspace that writes histories down.

    Attributes:
        folder: Where scenarios put files of their own.
        histories: Where the workspace puts histories.
    """

    server: Server
    api: Api
    folder: Path
    histories: Path

    def flow(self) -> Flow:
        """A pipeline in the making."""
        return Flow(self.api, self.folder)

    def gated(self, flow: Flow, name: str, **fields: Any) -> tuple[Json, Path]:
        """A step that waits for a file, and the file."""
        gate = self.folder / f"{flow.name}.{name}.gate"
        return flow.step(name, GATED, env={"GATE": str(gate)}, **fields), gate

    def read(self, orchestrator: str, instance: str) -> list[Json]:
        """The generations of an orchestration so far, oldest first; none while one is being written."""
        found = self.histories.glob(f"{orchestrator}.{instance}.*.json")
        try:
            return [load(path) for path in sorted(found, key=lambda path: path.stat().st_ctime_ns)]
        except json.JSONDecodeError:
            return []

    def wait_for(self, what: str, orchestrator: str, instance: str, seen: Callable[[list[Json]], object]) -> None:
        """Wait until the generations of an orchestration are as wished."""
        until(lambda: seen(self.read(orchestrator, instance)), what, limit=LIMIT, pause=0.1)

    def wait_for_second(self, orchestrator: str, instance: str) -> None:
        """Wait for the second generation of an orchestration."""
        self.wait_for("the second generation", orchestrator, instance, has_second)

    def wait_for_end(self, orchestrator: str, instance: str) -> None:
        """Wait for the end of an orchestration, which need not be that of its run or step."""
        self.wait_for("the end", orchestrator, instance, lambda found: found and is_whole(found[-1]))

    def put(self, resource: str, body: Json) -> None:
        """Make or replace something."""
        answer = self.api.http.put(f"/api/{resource}", json=body)
        assert answer.is_success, answer.text

    def hint(self, step_run_id: str) -> None:
        """Say that a step's job has ended, whether or not it has."""
        assert self.api.http.post(f"/api/step-runs/{step_run_id}/ended").is_success

    def cancel(self, run_id: str) -> str:
        """Cancel a run and wait for its end."""
        self.api.post(f"/api/runs/{run_id}/cancel", status=202)
        assert self.api.wait(run_id, limit=LIMIT).status == "Canceled"
        return run_id


def has_second(generations: list[Json]) -> bool:
    """Whether an orchestration was continued as new; one that was started again has a further history, too."""
    ends = [json.dumps(generation["turns"][-1]) for generation in generations[:-1]]
    return any("CONTINUED_AS_NEW" in end for end in ends)

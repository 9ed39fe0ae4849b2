"""A workspace with a clock that tests set, on real storage, and an engine that only notes what it is asked for."""

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from shared import bootstrap
from shared.adapters.storage.blobs import AzureBlobStore
from shared.config import Settings
from shared.core import names
from shared.core.compute_targets import LOCAL_PROCESS, ComputeTarget
from shared.core.records import RunFilter, RunRecord
from shared.core.schedules import Schedule, TriggerEvent
from shared.services.arrival_windows import start_window
from shared.services.firing import fire_schedules
from shared.services.publishing import PublishRequest, publish
from shared.services.schedule_requests import ScheduleRequest
from shared.services.schedules import create_schedule
from shared.services.workspace import Workspace
from shared.steps import STEP_TYPES
from tests.fakes.clocks import SetClock

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PARAMETERS = {
    "alpha": {"type": "float", "default": 0.5},
    "data": {"type": "data_path", "default": {"datastore": names.DEFAULT_DATASTORE, "path": "x"}},
    "files": {"type": "string", "default": "[]"},
}


class NotingEngine:
    """Starts nothing and notes everything. `broken` makes it fail, as a task hub that is away."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self.collecting: list[str] = []
        self.broken: Exception | None = None

    def start_run(self, run_id: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.runs[run_id] += 1

    def start_step(self, run_id: str, ordinal: int) -> None:
        raise NotImplementedError

    def start_collecting(self, schedule_id: str) -> None:
        self.collecting.append(schedule_id)

    def is_alive(self, instance_id: str) -> bool:
        return False

    def raise_event(self, instance_id: str, event: str, data: dict[str, Any]) -> None:
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        """Whatever else the port has by now: nothing here may need it."""
        raise NotImplementedError(name)


class OneBackend:
    """Access to compute that runs the jobs of every target with one backend."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def offers(self, target: ComputeTarget) -> str | None:
        return LOCAL_PROCESS

    def open(self, target: ComputeTarget) -> Any:
        return self.backend

    def provisioner(self, target: ComputeTarget) -> None:
        return None

    def close(self) -> None:
        pass


class World:
    """A workspace with a published pipeline."""

    def __init__(self, connection: str, folder: Any) -> None:
        self.clock = SetClock(START)
        self.engine = NotingEngine()
        self.workspace = self._make(connection, folder)
        self.pipeline = publish(self.workspace, PublishRequest.model_validate({"name": "p", "definition": DEFINITION}))

    def _make(self, connection: str, folder: Any) -> Workspace:
        given = {"PIPEYARD_STORAGE": connection, "PIPEYARD_DATA_DIR": folder, "PIPEYARD_RUN_TOKEN_KEY": "k" * 40}
        settings = Settings.model_validate(given)
        services = bootstrap._services(settings, self.clock)
        services = dataclasses.replace(services, compute=OneBackend(object()))
        containers = [names.SYSTEM_CONTAINER, names.ARTIFACT_CONTAINER, names.DEFAULT_DATASTORE_CONTAINER]
        services.blobs.ensure_containers(containers)
        return Workspace(services, STEP_TYPES, name="test", max_parallel_steps=8)

    def schedule(self, **fields: Any) -> Schedule:
        request = {
            "name": "nightly",
            "published_pipeline_id": self.pipeline.published_pipeline_id,
            "experiment_name": "exp",
            **fields,
        }
        return create_schedule(self.workspace, ScheduleRequest.model_validate(request))

    def every(self, frequency: str = "Hour", interval: int = 1, **fields: Any) -> Schedule:
        return self.schedule(recurrence={"frequency": frequency, "interval": interval}, **fields)

    def waiting(self, path: str = "inbox", **fields: Any) -> Schedule:
        others = {name: fields.pop(name) for name in ("parameters", "name") if name in fields}
        trigger = {"datastore": names.DEFAULT_DATASTORE, "path": path, **fields}
        return self.schedule(datastore_trigger=trigger, **others)

    def tick(self, after: timedelta = MINUTE) -> None:
        self.clock.time += after
        fire_schedules(self.workspace, self.engine)

    def put(self, path: str, data: bytes = b"x") -> None:
        blobs = self.workspace.services.blobs
        assert isinstance(blobs, AzureBlobStore)
        blobs.put(names.DEFAULT_DATASTORE_CONTAINER, path, data)

    def collect(self, schedule: Schedule, limit: int = 40) -> None:
        """What the orchestration does, without waiting."""
        for _ in range(limit):
            wait = start_window(self.workspace, self.engine, schedule.schedule_id)
            if wait is None:
                return
            self.clock.time += timedelta(seconds=wait)
        raise AssertionError("it never came to rest")

    def runs(self, schedule: Schedule) -> list[RunRecord]:
        """Oldest first."""
        found = []
        token = None
        while True:
            chosen = RunFilter(schedule_id=schedule.schedule_id)
            page = self.workspace.services.runs.list_runs(chosen, 200, token)
            found += page.value
            token = page.continuation_token
            if token is None:
                return found[::-1]

    def history(self, schedule: Schedule) -> list[TriggerEvent]:
        """Oldest first."""
        return self.workspace.services.catalogue.all(TriggerEvent, prefix=f"{schedule.schedule_id}/")[::-1]

    def instants(self, schedule: Schedule, outcome: str = "started") -> list[str]:
        """When it fired, as hours and minutes."""
        return [
            datetime.fromisoformat(event.instant).strftime("%d %H:%M")
            for event in self.history(schedule)
            if event.outcome == outcome and event.instant is not None
        ]


DEFINITION = {
    "schema_version": 1,
    "name": "p",
    "parameters": PARAMETERS,
    "default_compute_target": "local",
    "steps": [{"name": "s", "type": "command", "settings": {"command": ["true"]}}],
}

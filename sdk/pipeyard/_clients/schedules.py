"""Routes of schedules, one method each."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipeyard import _wire
from pipeyard._clients._paging import pages, part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
SCHEDULES = "/api/schedules"


class SchedulesClient:
    """What starts runs by itself."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def create(self, body: Mapping[str, Any]) -> Json:
        """Make a schedule."""
        return cast("Json", self._http.post(SCHEDULES, body))

    def preview(self, body: Mapping[str, Any]) -> list[str]:
        """When it would fire first; nothing is saved."""
        return cast("list[str]", self._http.post(f"{SCHEDULES}/preview", body)["next_fire_times"])

    def get(self, schedule_id: str) -> Json:
        """A schedule."""
        return cast("Json", self._http.get(_one(schedule_id)))

    def list(
        self, *, active_only: bool, published_pipeline_id: str | None = None, pipeline_endpoint_id: str | None = None
    ) -> Iterator[Json]:
        """Schedules, newest first."""
        query = {
            "active_only": "true" if active_only else "false",
            "published_pipeline_id": published_pipeline_id,
            "pipeline_endpoint_id": pipeline_endpoint_id,
        }
        return pages(self._http, SCHEDULES, query)

    def change(self, schedule_id: str, changes: Mapping[str, Any]) -> Json:
        """Change what is named."""
        return cast("Json", self._http.send("PATCH", _one(schedule_id), json=changes).json())

    def delete(self, schedule_id: str) -> None:
        """Delete a schedule with its history."""
        self._http.send("DELETE", _one(schedule_id))

    def history(self, schedule_id: str) -> Iterator[Json]:
        """What it did, newest first."""
        return pages(self._http, f"{_one(schedule_id)}/history")

    def runs(self, schedule_id: str) -> Iterator[_wire.RunDocument]:
        """Runs that it started, newest first."""
        return cast("Iterator[_wire.RunDocument]", pages(self._http, "/api/runs", {"schedule_id": schedule_id}))

    def last_run(self, schedule_id: str) -> _wire.RunDocument | None:
        """The latest run that it started, None before the first."""
        answer = self._http.send("GET", f"{_one(schedule_id)}/last-run")
        return cast("_wire.RunDocument", answer.json()) if answer.content else None


def _one(schedule_id: str) -> str:
    return f"{SCHEDULES}/{part(schedule_id)}"

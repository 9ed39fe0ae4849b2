"""What a schedule's document says, under v1's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pipeyard.pipeline.core._recurrence import CronRecurrence, ScheduleRecurrence

if TYPE_CHECKING:
    from collections.abc import Mapping


class ScheduleFields:
    """A schedule's document with a property for each of v1's attributes."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = dict(document)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.document["id"])

    @property
    def name(self) -> str:
        """Its name, which others may share."""
        return str(self.document["name"])

    @property
    def description(self) -> str:
        """For people."""
        return str(self.document["description"])

    @property
    def status(self) -> str:
        """`Active` or `Disabled`."""
        return str(self.document["status"])

    @property
    def pipeline_id(self) -> str | None:
        """The published pipeline, None where it is an endpoint's."""
        return cast("str | None", self.document["published_pipeline_id"])

    @property
    def pipeline_endpoint_id(self) -> str | None:
        """The endpoint, None where it is a published pipeline's."""
        return cast("str | None", self.document["pipeline_endpoint_id"])

    @property
    def recurrence(self) -> ScheduleRecurrence | None:
        """When it starts runs, None where something else does."""
        found = self.document["recurrence"]
        return None if found is None else ScheduleRecurrence.of(found)

    @property
    def cron(self) -> CronRecurrence | None:
        """When it starts runs, None where something else does."""
        found = self.document["cron"]
        return None if found is None else CronRecurrence(found["expression"], found["time_zone"])

    @property
    def datastore_name(self) -> str | None:
        """The datastore whose files start runs."""
        return cast("str | None", self._trigger("datastore"))

    @property
    def polling_interval(self) -> int | None:
        """Minutes between two looks at the files."""
        return cast("int | None", self._trigger("polling_interval_minutes"))

    @property
    def data_path_parameter_name(self) -> str | None:
        """The parameter that gets the file."""
        return cast("str | None", self._trigger("data_path_parameter"))

    @property
    def path_on_datastore(self) -> str | None:
        """The folder of the files."""
        return cast("str | None", self._trigger("path"))

    @property
    def continue_on_step_failure(self) -> bool | None:
        """None means as published."""
        return cast("bool | None", self.document["continue_on_step_failure"])

    @property
    def next_fire_times(self) -> list[str]:
        """The next ten times in UTC, as of when this object was fetched."""
        return [str(each) for each in self.document["next_fire_times"]]

    def _trigger(self, field: str) -> Any:
        return (self.document["datastore_trigger"] or {}).get(field)

"""v1's submit document."""

from typing import Any

from api.v1.wire import Wire


class DataPathAssignment(Wire):
    """A place on a datastore."""

    data_store_name: str
    relative_path: str | None = None


class DataSetReference(Wire):
    """A dataset by its id, or by its name and version."""

    id: str | None = None
    name: str | None = None
    version: str | int | None = None


class DataSetAssignment(Wire):
    """A dataset, in one of v1's three ways of saying it."""

    saved_data_set_reference: DataSetReference | None = None
    data_set_reference: DataSetReference | None = None
    literal_value: DataPathAssignment | None = None


class SubmissionInfo(Wire):
    """What v1's clients send to start a run. Nothing of it is required."""

    experiment_name: str | None = None
    description: str | None = None
    run_source: str | None = None
    parameter_assignments: dict[str, Any] | None = None
    data_path_assignments: dict[str, DataPathAssignment] | None = None
    data_set_definition_value_assignments: dict[str, DataSetAssignment] | None = None
    continue_run_on_step_failure: bool | None = None
    tags: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None

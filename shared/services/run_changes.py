"""Changing what people say about a run: labels, description, and properties that are only ever added."""

from typing import Annotated

from pydantic import Field

from shared.core.document import Description, Document, Properties
from shared.core.errors import Fault, InvalidDocument
from shared.core.properties import property_faults
from shared.core.records import RunRecord
from shared.services.run_status import change_row
from shared.services.workspace import Workspace

MAX_PROPERTIES = 1000


class RunChanges(Document):
    """What a client sends to change a run; what it leaves out stays as it is.

    Attributes:
        labels: New values by key; null takes a label away.
        properties: Added to those that there are. One that is there cannot get another value.
    """

    labels: (
        dict[Annotated[str, Field(min_length=1, max_length=100)], Annotated[str, Field(max_length=1000)] | None] | None
    ) = None
    properties: Properties | None = None
    description: Description | None = None


def change_run(workspace: Workspace, run_id: str, changes: RunChanges) -> RunRecord:
    """Change a run, whoever else writes its row meanwhile.

    Raises:
        NotFound: No such run.
        InvalidDocument: A property has another value already.
        Conflict: Others change the run all the time.
    """
    return change_row(workspace, run_id, lambda run: _changed(run, changes))


def _changed(run: RunRecord, changes: RunChanges) -> RunRecord:
    faults = property_faults(run.properties, changes.properties or {})
    properties = {**run.properties, **(changes.properties or {})}
    if len(properties) > MAX_PROPERTIES:
        faults.append(Fault(pointer="/properties", message=f"A run has at most {MAX_PROPERTIES} properties."))
    if faults:
        raise InvalidDocument(faults)
    labels = {name: value for name, value in {**run.labels, **(changes.labels or {})}.items() if value is not None}
    description = run.description if changes.description is None else changes.description
    return run.model_copy(update={"labels": labels, "properties": properties, "description": description})

"""Changing what people say about a run: labels, description, and properties that are only ever added."""

from typing import Annotated

from pydantic import Field

from shared.core.document import Document, Properties
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.pointers import json_pointer
from shared.core.records import RunRecord
from shared.core.wording import quoted
from shared.services.run_status import CHANGE_TRIES
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
    description: str | None = Field(default=None, max_length=10_000)


def change_run(workspace: Workspace, run_id: str, changes: RunChanges) -> RunRecord:
    """Change a run, whoever else writes its row meanwhile.

    Raises:
        NotFound: No such run.
        InvalidDocument: A property has another value already.
        Conflict: Others change the run all the time.
    """
    for _ in range(CHANGE_TRIES):
        run = workspace.services.runs.get_run(run_id)
        changed = _changed(run, changes)
        if changed == run:
            return run
        try:
            return workspace.services.runs.update_run(changed)
        except Conflict:
            continue
    raise Conflict(f"Run {run_id} is being changed by others all the time; try again.")


def _changed(run: RunRecord, changes: RunChanges) -> RunRecord:
    faults = [
        Fault(
            pointer=json_pointer("properties", name),
            message=f"Property {quoted(name)} is {quoted(run.properties[name])} already; properties never change.",
            suggestion="Use a label for what changes.",
        )
        for name, value in (changes.properties or {}).items()
        if run.properties.get(name, value) != value
    ]
    properties = {**run.properties, **(changes.properties or {})}
    if len(properties) > MAX_PROPERTIES:
        faults.append(Fault(pointer="/properties", message=f"A run has at most {MAX_PROPERTIES} properties."))
    if faults:
        raise InvalidDocument(faults)
    labels = {name: value for name, value in {**run.labels, **(changes.labels or {})}.items() if value is not None}
    description = run.description if changes.description is None else changes.description
    return run.model_copy(update={"labels": labels, "properties": properties, "description": description})

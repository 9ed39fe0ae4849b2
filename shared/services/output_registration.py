"""Outputs that become datasets: a new version once the step has finished (v1's `register_on_complete`).

A step that finished stays finished although its output could not be registered: the data is there, and running the
script again would not help. The step's warnings say what to do.
"""

import uuid
from collections.abc import Iterator, Mapping

from shared.core import names
from shared.core.bindings import DatasetRegistration
from shared.core.dataset_views import DatasetView
from shared.core.datasets import Dataset, DatasetDefinition, DatasetName, DatasetSource
from shared.core.errors import PipeyardError
from shared.core.records import OutputRecord
from shared.services.datasets import find_dataset, register_version
from shared.services.workspace import RunContext, Workspace

_IDS = uuid.UUID("6a0de5a4-2a41-4f3f-b1c2-0c7e5b7f9d10")
"""Namespace in which a step run and its output become a dataset's id, so that registering twice is registering once."""


def register_outputs(
    workspace: Workspace, context: RunContext, ordinal: int, outputs: Mapping[str, OutputRecord]
) -> tuple[str, ...]:
    """Register the outputs of a step that has just run. Returns warnings for the user."""
    return tuple(_attempts(workspace, context, ordinal, outputs, reused=False))


def register_reused_outputs(
    workspace: Workspace, context: RunContext, ordinal: int, outputs: Mapping[str, OutputRecord]
) -> tuple[str, ...]:
    """Make sure that the datasets are there after a reuse: a new version, unless the latest is this very output."""
    return tuple(_attempts(workspace, context, ordinal, outputs, reused=True))


def _attempts(
    workspace: Workspace, context: RunContext, ordinal: int, outputs: Mapping[str, OutputRecord], *, reused: bool
) -> Iterator[str]:
    step_run_id = names.step_run_id(context.run.run_id, ordinal)
    for name, output in context.step(ordinal).outputs.items():
        registration, record = output.register_dataset, outputs.get(name)
        if registration is None or record is None:
            continue
        dataset_id = str(uuid.uuid5(_IDS, f"{step_run_id}/{name}"))
        try:
            _register(workspace, registration, record, dataset_id, reused=reused)
        except PipeyardError as error:
            if error.retryable:
                raise
            yield f"Output `{name}` could not be registered as dataset `{registration.name}`: {error}"


def _register(
    workspace: Workspace, registration: DatasetRegistration, output: OutputRecord, dataset_id: str, *, reused: bool
) -> None:
    definition = DatasetDefinition(
        sources=(DatasetSource(datastore=output.datastore, path=output.path),), view=registration.view or DatasetView()
    )
    if reused and _is_latest(workspace, registration.name, definition):
        return
    dataset = Dataset(
        dataset_id=dataset_id,
        definition=definition,
        name=registration.name,
        description=registration.description,
        tags=registration.tags,
        created_at=workspace.now().isoformat(),
    )
    register_version(workspace, dataset)


def _is_latest(workspace: Workspace, name: str, definition: DatasetDefinition) -> bool:
    known = workspace.services.catalogue.find(DatasetName, name)
    return known is not None and find_dataset(workspace, known.versions[-1]).definition == definition

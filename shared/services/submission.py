"""Submitting a run: check everything, write the run's row, and only then start its orchestration."""

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

from pydantic import Field, model_validator

from shared.core.bindings import DataReferenceInput, ParameterValue
from shared.core.canonical import digest
from shared.core.catalogue import Experiment
from shared.core.definition import PipelineDefinition, StepDefinition
from shared.core.document import EXPERIMENT_PATTERN, Document, Labels
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.records import RunRecord
from shared.core.status import RUN_TERMINAL
from shared.core.validation import bind_parameters, parse_definition
from shared.ports.engine import Engine
from shared.services.datastores import CONTAINERS
from shared.services.documents import definition_digest, store_definition
from shared.services.workspace import Workspace

_RUN_IDS = uuid.UUID("5b0f7c0e-3a3f-4c55-9d7e-1d0a7c6a4a11")
"""Namespace in which an idempotency key becomes a run id: the same key is the same run, whoever asks and when."""


class RunRequest(Document):
    """What a client sends to start (or to plan) a run.

    Attributes:
        definition: The pipeline, inline; or
        definition_id: the id of a stored one. Exactly one of the two.
        experiment_name: Created if missing; defaults to the pipeline's name where that is a valid one.
        continue_on_step_failure: Steps that do not depend on a failed one still run.
        regenerate_outputs: True runs every step, whatever could be reused.
    """

    definition: dict[str, Any] | None = None
    definition_id: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    description: str = Field(default="", max_length=10_000)
    parameters: dict[str, Any] = {}
    labels: Labels = {}
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    max_parallel_steps: int | None = Field(default=None, ge=1, le=1000)

    @model_validator(mode="after")
    def _one_definition(self) -> Self:
        if (self.definition is None) == (self.definition_id is None):
            raise ValueError("A run request needs exactly one of `definition` and `definition_id`.")
        return self


def check_definition(workspace: Workspace, document: object, *, below: str = "") -> PipelineDefinition:
    """Parse a definition and check it against this workspace.

    Args:
        workspace: The workspace.
        document: The definition as received.
        below: JSON pointer of the definition in the received document.

    Raises:
        InvalidDocument: With every fault.
    """
    try:
        definition = parse_definition(document, workspace.step_types)
    except InvalidDocument as error:
        raise InvalidDocument([_moved(fault, below) for fault in error.faults]) from None
    faults = [_moved(fault, below) for fault in _workspace_faults(workspace, definition)]
    if faults:
        raise InvalidDocument(faults)
    return definition


def _moved(fault: Fault, below: str) -> Fault:
    return fault.model_copy(update={"pointer": below + fault.pointer})


def _workspace_faults(workspace: Workspace, definition: PipelineDefinition) -> list[Fault]:
    """Names that must exist in the workspace: compute targets, datastores, snapshots."""
    targets, datastores = list(workspace.services.backends), list(CONTAINERS)
    faults = _unknown("/default_datastore", "datastore", definition.default_datastore, datastores)
    if any(step.compute_target is None for step in definition.steps):
        faults += _unknown("/default_compute_target", "compute target", definition.default_compute_target, targets)
    snapshots = {step.snapshot for step in definition.steps if step.snapshot is not None}
    missing = {snapshot for snapshot in snapshots if workspace.file_digests(snapshot) is None}
    for ordinal, step in enumerate(definition.steps):
        at = f"/steps/{ordinal}"
        if step.compute_target is not None:
            faults += _unknown(f"{at}/compute_target", "compute target", step.compute_target, targets)
        for place, datastore in _datastores(step):
            faults += _unknown(f"{at}/{place}/datastore", "datastore", datastore, datastores)
        if step.snapshot in missing:
            message = f"Snapshot {step.snapshot} is not in this workspace."
            suggestion = "Upload it first: POST /api/snapshots says which files are missing."
            faults.append(Fault(pointer=f"{at}/snapshot", message=message, suggestion=suggestion))
    return faults


def _datastores(step: StepDefinition) -> Iterator[tuple[str, str]]:
    """Every datastore that a step names, with the place where it does."""
    for name, source in step.inputs.items():
        if isinstance(source, DataReferenceInput):
            yield f"inputs/{name}", source.datastore
    for name, output in step.outputs.items():
        if output.datastore is not None:
            yield f"outputs/{name}", output.datastore


def _unknown(pointer: str, what: str, name: str, known: list[str]) -> list[Fault]:
    if name in known:
        return []
    listed = ", ".join(f"`{each}`" for each in known) or "none"
    return [Fault(pointer=pointer, message=f"There is no {what} `{name}`.", suggestion=f"The workspace has {listed}.")]


def accept_request(
    workspace: Workspace, request: RunRequest
) -> tuple[PipelineDefinition, dict[str, ParameterValue], str]:
    """Check a request against its definition.

    Returns:
        The definition, all parameters with their values, and the experiment's name.

    Raises:
        InvalidDocument: With every fault of definition and parameters.
        NotFound: No stored definition has the id.
    """
    if request.definition_id is not None:
        stored = workspace.definition(request.definition_id)
        definition = check_definition(workspace, stored.model_dump(mode="json"))
    else:
        definition = check_definition(workspace, request.definition, below="/definition")
    parameters = bind_parameters(definition, request.parameters)
    experiment = request.experiment_name or re.sub(r"[^A-Za-z0-9_-]", "_", definition.name).lstrip("_-")
    return definition, parameters, experiment or "default"


def submit_run(
    workspace: Workspace,
    engine: Engine,
    request: RunRequest,
    *,
    idempotency_key: str | None = None,
    resumed_from: str | None = None,
) -> tuple[RunRecord, bool]:
    """Start a run.

    Returns:
        The run, and whether this call created it (False: an earlier call with the same key did).

    Raises:
        InvalidDocument: Something in the request is wrong; nothing was written.
        NotFound: No stored definition has the id.
        Conflict: The idempotency key was used for a different request.
    """
    definition, parameters, experiment = accept_request(workspace, request)
    request_digest = digest(
        "pipeyard.request",
        {**request.model_dump(mode="json", exclude={"definition"}), "definition_id": definition_digest(definition)},
    )
    run_id = str(uuid.uuid5(_RUN_IDS, idempotency_key) if idempotency_key else uuid.uuid4())
    run = RunRecord(
        run_id=run_id,
        experiment=experiment,
        pipeline=definition.name,
        description=request.description,
        created_at=workspace.now().isoformat(),
        definition_id=store_definition(workspace.services.blobs, definition),
        parameters=parameters,
        labels={**definition.labels, **request.labels},
        step_count=len(definition.steps),
        continue_on_step_failure=request.continue_on_step_failure,
        regenerate_outputs=request.regenerate_outputs,
        max_parallel_steps=request.max_parallel_steps,
        resumed_from=resumed_from,
        request_digest=request_digest,
    )
    _ensure_experiment(workspace, experiment)
    created = workspace.services.runs.create_run(run)
    if not created:
        run = _first_of_key(workspace, run_id, request_digest)
    if run.status not in RUN_TERMINAL:
        engine.start_run(run_id)
    return run, created


def _ensure_experiment(workspace: Workspace, name: str) -> None:
    with suppress(Conflict):
        workspace.services.catalogue.insert(Experiment(name=name, created_at=workspace.now().isoformat()))


def _first_of_key(workspace: Workspace, run_id: str, request_digest: str) -> RunRecord:
    run = workspace.services.runs.get_run(run_id)
    if run.request_digest != request_digest:
        raise Conflict(
            f"This idempotency key started run {run_id} with a different request. Use a new key for a new request."
        )
    return run


def resume_run(
    workspace: Workspace, engine: Engine, run_id: str, *, idempotency_key: str | None = None
) -> tuple[RunRecord, bool]:
    """Start a new run of the same definition and parameters.

    Steps that finished are reused where their keys still match, which is checked as for any other run.

    Returns:
        As `submit_run`.

    Raises:
        Conflict: The run has not ended yet, or the idempotency key was used for a different request.
    """
    run = workspace.services.runs.get_run(run_id)
    if run.status not in RUN_TERMINAL:
        raise Conflict(f"Run {run_id} is {run.status}; only a run that has ended can be resumed. Cancel it first.")
    request = RunRequest(
        definition_id=run.definition_id,
        experiment_name=run.experiment,
        description=run.description,
        parameters=dict(run.parameters),
        labels=run.labels,
        continue_on_step_failure=run.continue_on_step_failure,
        max_parallel_steps=run.max_parallel_steps,
    )
    return submit_run(workspace, engine, request, idempotency_key=idempotency_key, resumed_from=run_id)

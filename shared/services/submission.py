"""Submitting a run: check everything, write the run's row, and only then start its orchestration."""

import re
import uuid
from contextlib import suppress
from typing import Any, Self

from pydantic import Field, model_validator

from shared.core import names, pointers
from shared.core.bindings import ParameterValue
from shared.core.canonical import digest
from shared.core.catalogue import Experiment
from shared.core.definition import PipelineDefinition
from shared.core.document import EXPERIMENT_PATTERN, Description, Digest, Document, Labels, Properties
from shared.core.errors import Conflict, Fault, InvalidDocument
from shared.core.origin import DIRECT, Origin
from shared.core.records import RunRecord
from shared.core.status import RUN_TERMINAL, STEP_TERMINAL
from shared.core.validation import bind_parameters, parse_definition
from shared.ports.engine import Engine
from shared.services.documents import definition_digest, store_definition
from shared.services.identity import acting_caller
from shared.services.observation import run_started, submitting
from shared.services.workspace import Workspace
from shared.services.workspace_checks import bound_faults, definition_faults, refusals, value_faults

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
        properties: Facts about the run that never change, such as those of git.
        run_source: What the submitter calls itself, free text.
        parent_step_run_id: The step run that starts this run, as a sweep does with its trials.
    """

    definition: dict[str, Any] | None = None
    definition_id: Digest | None = None
    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    description: Description = ""
    parameters: dict[str, Any] = {}
    labels: Labels = {}
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    max_parallel_steps: int | None = Field(default=None, ge=1, le=1000)
    properties: Properties = {}
    run_source: str = Field(default="", max_length=200)
    parent_step_run_id: str | None = Field(default=None, pattern=names.STEP_RUN_ID_PATTERN)

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
    definition = _parsed(workspace, document, below)
    faults = pointers.below(below, definition_faults(workspace, definition))
    if faults:
        raise InvalidDocument(faults)
    return definition


def validate_definition(workspace: Workspace, document: object) -> list[str]:
    """Check a definition that need not be run, or not yet.

    Returns:
        Why a run of it would be refused as the workspace is now, a sentence for each step that nothing here can run.

    Raises:
        InvalidDocument: With every fault.
    """
    found = refusals(workspace, check_definition(workspace, document))
    return [f"{fault.message} {fault.suggestion}" for fault in found]


def _parsed(workspace: Workspace, document: object, below: str) -> PipelineDefinition:
    try:
        return parse_definition(document, workspace.step_types)
    except InvalidDocument as error:
        raise InvalidDocument(pointers.below(below, error.faults)) from None


def accept_request(
    workspace: Workspace, request: RunRequest
) -> tuple[PipelineDefinition, dict[str, ParameterValue], str]:
    """Check a request against its definition.

    Returns:
        The definition, all parameters with their values, and the experiment's name.

    Raises:
        InvalidDocument: With every fault of definition and parameters, and every step that nothing here can run.
        NotFound: No stored definition has the id.
    """
    document, below = request.definition, "/definition"
    if request.definition_id is not None:
        document, below = workspace.definition(request.definition_id).model_dump(mode="json"), ""
    definition = _parsed(workspace, document, below)
    faults = [*definition_faults(workspace, definition), *refusals(workspace, definition)]
    try:
        parameters = bind_parameters(definition, request.parameters)
    except InvalidDocument as error:
        raise InvalidDocument([*pointers.below(below, faults), *error.faults]) from None
    faults += bound_faults(workspace, definition, parameters)
    faults = [*pointers.below(below, faults), *value_faults(workspace, definition, parameters)]
    if faults:
        raise InvalidDocument(faults)
    return definition, parameters, request.experiment_name or experiment_of(definition)


def experiment_of(definition: PipelineDefinition) -> str:
    """The experiment of runs that name none: the pipeline's name, as far as an experiment can have it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", definition.name).lstrip("_-") or "default"


def run_id_of(idempotency_key: str) -> str:
    """Id of the run that a request with this key starts."""
    return str(uuid.uuid5(_RUN_IDS, idempotency_key))


def submit_run(
    workspace: Workspace,
    engine: Engine,
    request: RunRequest,
    *,
    idempotency_key: str | None = None,
    origin: Origin = DIRECT,
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
    _check_parent(workspace, request.parent_step_run_id)
    request_digest = origin.request_digest or digest(
        "pipeyard.request",
        {**request.model_dump(mode="json", exclude={"definition"}), "definition_id": definition_digest(definition)},
    )
    run_id = run_id_of(idempotency_key) if idempotency_key else str(uuid.uuid4())
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
        properties=request.properties,
        resumed_from=origin.resumed_from,
        parent_step_run_id=request.parent_step_run_id,
        published_pipeline_id=origin.published_pipeline_id,
        pipeline_endpoint_id=origin.pipeline_endpoint_id,
        schedule_id=origin.schedule_id,
        run_source=request.run_source,
        warnings=origin.warnings,
        request_digest=request_digest,
        submitted_by=caller.name if (caller := acting_caller.get()) is not None else None,
    )
    _ensure_experiment(workspace, experiment)
    with submitting(run):
        created = workspace.services.runs.create_run(run)
        if not created:
            run = _first_of_key(workspace, run_id, request_digest)
        if run.status not in RUN_TERMINAL:
            engine.start_run(run_id)
    if created:
        run_started()
    return run, created


def _check_parent(workspace: Workspace, step_run_id: str | None) -> None:
    """A parent that is over could not take its children along any more."""
    if step_run_id is None:
        return
    run_id, ordinal = names.split_step_run_id(step_run_id)
    row = workspace.services.runs.get_step(run_id, ordinal)
    if row is None:
        message = f"There is no step run {step_run_id}, or it has not begun."
        raise InvalidDocument([Fault(pointer="/parent_step_run_id", message=message)])
    if row.status in STEP_TERMINAL:
        raise Conflict(f"Step run {step_run_id} is {row.status} already; only a running step can start runs below it.")


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
        properties=run.properties,
        run_source=run.run_source,
    )
    origin = Origin(
        resumed_from=run_id,
        published_pipeline_id=run.published_pipeline_id,
        pipeline_endpoint_id=run.pipeline_endpoint_id,
    )
    return submit_run(workspace, engine, request, idempotency_key=idempotency_key, origin=origin)

"""Published pipelines: publishing a definition, and submitting it by its id or through an endpoint."""

from typing import Any, Self

from pydantic import Field, model_validator

from shared.core import names
from shared.core.canonical import digest
from shared.core.defaults import with_defaults
from shared.core.definition import PipelineDefinition
from shared.core.document import EXPERIMENT_PATTERN, Description, Digest, Document, Labels, Properties
from shared.core.errors import Conflict, NotFound
from shared.core.origin import Origin
from shared.core.publishing import (
    MAX_INLINE_STEP_NAMES,
    EntityStatus,
    PipelineEndpoint,
    PublishedPipeline,
    Title,
)
from shared.core.records import Page, RunRecord
from shared.core.wording import listed, quoted
from shared.ports.engine import Engine
from shared.services.catalogue import change
from shared.services.documents import store_definition
from shared.services.submission import RunRequest, check_definition, submit_run
from shared.services.workspace import Workspace


class PublishRequest(Document):
    """What a client sends to publish a pipeline.

    Attributes:
        version: Free text.
        continue_on_step_failure: Of its runs, unless a submit says otherwise; None means as the run did, else False.
        parameters: New defaults by name.
        definition: The pipeline, inline; or
        definition_id: the id of a stored one; or
        run_id: a run, whose parameters become the defaults. Exactly one of the three.
    """

    name: Title
    description: Description = ""
    version: str = Field(default="", max_length=255)
    continue_on_step_failure: bool | None = None
    properties: Properties = {}
    parameters: dict[str, Any] = {}
    definition: dict[str, Any] | None = None
    definition_id: Digest | None = None
    run_id: str | None = Field(default=None, pattern=names.RUN_ID_PATTERN)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if [self.definition, self.definition_id, self.run_id].count(None) != 2:  # noqa: PLR2004 - all but one
            raise ValueError("A pipeline is published from exactly one of `definition`, `definition_id` and `run_id`.")
        return self


class SubmitRequest(Document):
    """What a client sends to start a run of a published pipeline.

    Attributes:
        experiment_name: Created if missing; defaults to the pipeline's name where that is a valid one.
        continue_on_step_failure: None means as published.
    """

    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    description: Description = ""
    parameters: dict[str, Any] = {}
    labels: Labels = {}
    properties: Properties = {}
    continue_on_step_failure: bool | None = None
    regenerate_outputs: bool = False
    parent_step_run_id: str | None = Field(default=None, pattern=names.STEP_RUN_ID_PATTERN)
    run_source: str = Field(default="", max_length=200)


def publish(workspace: Workspace, request: PublishRequest, *, caller_name: str | None = None) -> PublishedPipeline:
    """Publish a pipeline.

    Raises:
        InvalidDocument: With every fault of the definition or of the new defaults.
        NotFound: There is no such definition or run.
    """
    definition, continues = _source(workspace, request)
    if request.parameters:
        definition = with_defaults(definition, request.parameters)
        check_definition(workspace, definition.model_dump(mode="json"))
    steps = definition.steps
    now = workspace.now()
    record = PublishedPipeline(
        published_pipeline_id=workspace.new_id(),
        name=request.name,
        description=request.description,
        version=request.version,
        definition_id=store_definition(workspace.services.blobs, definition),
        parameters=definition.parameters,
        step_count=len(steps),
        step_names=tuple(step.name for step in steps) if len(steps) <= MAX_INLINE_STEP_NAMES else None,
        continue_on_step_failure=continues,
        properties=request.properties,
        created_at=now.isoformat(),
        created_by=caller_name,
        updated_at=now.isoformat(),
    )
    return workspace.services.catalogue.insert(record)


def _source(workspace: Workspace, request: PublishRequest) -> tuple[PipelineDefinition, bool]:
    """The definition to publish before its defaults change, and whether its runs continue on step failure."""
    continues = request.continue_on_step_failure
    if request.definition is not None:
        return check_definition(workspace, request.definition, below="/definition"), bool(continues)
    if request.run_id is None:
        stored = workspace.definition(request.definition_id or "")
        return check_definition(workspace, stored.model_dump(mode="json")), bool(continues)
    run = workspace.services.runs.get_run(request.run_id)
    definition = with_defaults(workspace.definition(run.definition_id), run.parameters)
    checked = check_definition(workspace, definition.model_dump(mode="json"))
    return checked, run.continue_on_step_failure if continues is None else continues


def get_published(workspace: Workspace, published_pipeline_id: str) -> PublishedPipeline:
    """A published pipeline.

    Raises:
        NotFound: There is none with this id.
    """
    return workspace.services.catalogue.get(PublishedPipeline, published_pipeline_id)


def list_published(
    workspace: Workspace, *, active_only: bool, page_size: int, continuation_token: str | None
) -> Page[PublishedPipeline]:
    """One page, newest first."""
    found = workspace.services.catalogue.page(PublishedPipeline, page_size, continuation_token)
    return found.only(lambda each: not active_only or each.status is EntityStatus.ACTIVE)


def set_published_status(workspace: Workspace, published_pipeline_id: str, status: EntityStatus) -> PublishedPipeline:
    """Enable or disable a published pipeline. Runs that were submitted before go on."""
    now = workspace.now().isoformat()
    return change(
        workspace,
        PublishedPipeline,
        published_pipeline_id,
        lambda old: old if old.status is status else old.model_copy(update={"status": status, "updated_at": now}),
    )


def step_names(workspace: Workspace, published: PublishedPipeline) -> list[str]:
    """Names of its steps in the definition's order."""
    if published.step_names is not None:
        return list(published.step_names)
    return [step.name for step in workspace.definition(published.definition_id).steps]


def submit_published(
    workspace: Workspace,
    engine: Engine,
    published_pipeline_id: str,
    request: SubmitRequest,
    *,
    idempotency_key: str | None = None,
    schedule_id: str | None = None,
    warnings: tuple[str, ...] = (),
) -> tuple[RunRecord, bool]:
    """Start a run of a published pipeline.

    Returns:
        The run, and whether this call created it (False: an earlier call with the same key did).

    Raises:
        NotFound: There is no such published pipeline.
        InvalidDocument: Parameters are wrong, or the workspace lacks something by now; nothing was written.
        Conflict: It is disabled, or the idempotency key was used for a different request.
    """
    published = get_published(workspace, published_pipeline_id)
    origin = Origin(
        published_pipeline_id=published_pipeline_id,
        schedule_id=schedule_id,
        warnings=warnings,
        request_digest=_request_digest(request, published_pipeline_id, schedule_id),
    )
    return start(workspace, engine, published, request, origin, idempotency_key=idempotency_key)


def submit_endpoint(
    workspace: Workspace,
    engine: Engine,
    pipeline_endpoint_id: str,
    request: SubmitRequest,
    *,
    version: str | None = None,
    idempotency_key: str | None = None,
    schedule_id: str | None = None,
    warnings: tuple[str, ...] = (),
) -> tuple[RunRecord, bool]:
    """Start a run of an endpoint's default version, or of the given one.

    Returns:
        As `submit_published`.

    Raises:
        NotFound: There is no such endpoint, or it has no such version.
        InvalidDocument: As `submit_published`.
        Conflict: The endpoint or its published pipeline is disabled, or the idempotency key was used for a
            different request.
    """
    endpoint = workspace.services.catalogue.get(PipelineEndpoint, pipeline_endpoint_id)
    published = published_behind(workspace, endpoint, version)
    origin = Origin(
        published_pipeline_id=published.published_pipeline_id,
        pipeline_endpoint_id=pipeline_endpoint_id,
        schedule_id=schedule_id,
        warnings=warnings,
        request_digest=_request_digest(request, pipeline_endpoint_id, version, schedule_id),
    )
    return start(workspace, engine, published, request, origin, idempotency_key=idempotency_key)


def published_behind(workspace: Workspace, endpoint: PipelineEndpoint, version: str | None) -> PublishedPipeline:
    """The published pipeline that a submit to an endpoint runs.

    Raises:
        NotFound: The endpoint has no such version.
        Conflict: The endpoint is disabled.
    """
    if endpoint.status is not EntityStatus.ACTIVE:
        address = f"/api/pipeline-endpoints/{endpoint.pipeline_endpoint_id}"
        raise Conflict(
            f"The pipeline endpoint {quoted(endpoint.name)} is disabled, so it starts no runs. Enable it first: "
            f'PATCH {address} with {{"status": "Active"}}.'
        )
    found = endpoint.version(endpoint.default_version if version is None else version)
    if found is None:
        known = listed([quoted(each.version) for each in endpoint.versions], limit=20)
        raise NotFound(f"The pipeline endpoint {quoted(endpoint.name)} has no version {quoted(str(version))}: {known}.")
    return get_published(workspace, found.published_pipeline_id)


def start(
    workspace: Workspace,
    engine: Engine,
    published: PublishedPipeline,
    request: SubmitRequest,
    origin: Origin,
    *,
    idempotency_key: str | None = None,
) -> tuple[RunRecord, bool]:
    """Start a run of a published pipeline that was just read.

    Returns:
        As `submit_published`.

    Raises:
        InvalidDocument: As `submit_published`.
        Conflict: As `submit_published`.
    """
    if published.status is not EntityStatus.ACTIVE:
        address = f"/api/published-pipelines/{published.published_pipeline_id}/status"
        raise Conflict(
            f"The published pipeline {quoted(published.name)} is disabled, so it starts no runs. Enable it first: "
            f'PUT {address} with {{"status": "Active"}}.'
        )
    continues = request.continue_on_step_failure
    fields = request.model_dump(exclude={"continue_on_step_failure"})
    run_request = RunRequest(
        **fields,
        definition_id=published.definition_id,
        continue_on_step_failure=published.continue_on_step_failure if continues is None else continues,
    )
    return submit_run(workspace, engine, run_request, idempotency_key=idempotency_key, origin=origin)


def _request_digest(request: SubmitRequest, *asked: str | None) -> str:
    return digest("pipeyard.submit", [*asked, request.model_dump(mode="json")])

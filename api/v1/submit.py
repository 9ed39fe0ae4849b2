"""v1's submit routes: published pipelines, endpoints, drafts, and their older addresses."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from api.dependencies import EngineDep, RecordId, WorkspaceDep
from api.v1.assignments import parameter_values
from api.v1.draft_entities import DraftEntity, draft_id_of
from api.v1.run_entities import PipelineRunEntity, run_entity
from api.v1.submissions import SubmissionInfo
from api.v1.wire import EndpointName, Segment, checked, moved, texts
from shared.core.errors import InvalidDocument
from shared.core.names import STEP_RUN_ID_PATTERN
from shared.core.origin import Origin
from shared.core.publishing import PipelineEndpoint, PublishedPipeline
from shared.ports.engine import Engine
from shared.services import drafts, endpoints, publishing
from shared.services.publishing import SubmitRequest
from shared.services.workspace import Workspace

router = APIRouter()

Info = Annotated[SubmissionInfo | None, Body()]
ParentRunId = Annotated[str | None, Query(alias="parentRunId", max_length=255)]
Version = Annotated[str | None, Query(alias="pipelineVersion", max_length=20)]
ExperimentName = Annotated[str | None, Query(alias="experimentName", max_length=255)]
_KEYS = {
    "labels": "tags",
    "continue_on_step_failure": "ContinueRunOnStepFailure",
    "parent_step_run_id": "parentRunId",
}
_POINTERS = {"/parameters": "/ParameterAssignments", "/parent_step_run_id": "/parentRunId"}


@router.post("/PipelineRuns/PipelineSubmit/{pipeline_id}")
@router.post("/Experiments/PipelineSubmit/{pipeline_id}")
async def submit_pipeline(
    workspace: WorkspaceDep,
    engine: EngineDep,
    pipeline_id: RecordId,
    info: Info = None,
    parent_run_id: ParentRunId = None,
) -> PipelineRunEntity:
    """Start a run of a published pipeline."""
    published = publishing.get_published(workspace, pipeline_id)
    return _submit(workspace, engine, published, None, info or SubmissionInfo(), parent_run_id)


@router.post("/Experiments/PublishedPipelineSubmit/{pipeline_id}")
@router.post("/Experiments/TemplateSubmit/{pipeline_id}")
async def submit_template(
    workspace: WorkspaceDep,
    engine: EngineDep,
    pipeline_id: RecordId,
    assignments: Annotated[dict[str, Any] | None, Body()] = None,
    experiment_name: ExperimentName = None,
) -> PipelineRunEntity:
    """Start a run of a published pipeline; the body is nothing but parameter values."""
    published = publishing.get_published(workspace, pipeline_id)
    info = SubmissionInfo(experiment_name=experiment_name, parameter_assignments=assignments)
    return _submit(workspace, engine, published, None, info, None)


@router.post("/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint_id}")
async def submit_endpoint(
    workspace: WorkspaceDep,
    engine: EngineDep,
    endpoint_id: RecordId,
    info: Info = None,
    parent_run_id: ParentRunId = None,
    version: Version = None,
) -> PipelineRunEntity:
    """Start a run of an endpoint's default version, or of `pipelineVersion`."""
    endpoint = endpoints.get_endpoint(workspace, endpoint_id)
    return _submit_endpoint(workspace, engine, endpoint, version, info, parent_run_id)


@router.post("/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint_id}/{version}")
async def submit_endpoint_version(
    workspace: WorkspaceDep,
    engine: EngineDep,
    endpoint_id: RecordId,
    version: Segment,
    info: Info = None,
    parent_run_id: ParentRunId = None,
) -> PipelineRunEntity:
    """Start a run of one version. v1's SDK also sends it as `pipelineVersion`, which says nothing new."""
    endpoint = endpoints.get_endpoint(workspace, endpoint_id)
    return _submit_endpoint(workspace, engine, endpoint, version, info, parent_run_id)


@router.post("/PipelineRuns/PipelineEndpointSubmit/Name")
async def submit_endpoint_by_name(
    workspace: WorkspaceDep,
    engine: EngineDep,
    name: EndpointName,
    info: Info = None,
    parent_run_id: ParentRunId = None,
    version: Version = None,
) -> PipelineRunEntity:
    """Start a run of the endpoint with this name."""
    endpoint = endpoints.get_endpoint_by_name(workspace, name)
    return _submit_endpoint(workspace, engine, endpoint, version, info, parent_run_id)


@router.post("/PipelineRuns/PipelineDraftSubmit")
async def submit_draft(workspace: WorkspaceDep, engine: EngineDep, draft: DraftEntity) -> PipelineRunEntity:
    """Start a run of a draft as it is stored."""
    run, _ = drafts.submit_draft(workspace, engine, draft_id_of(draft))
    return run_entity(run)


def _submit_endpoint(
    workspace: Workspace,
    engine: Engine,
    endpoint: PipelineEndpoint,
    version: str | None,
    info: SubmissionInfo | None,
    parent_run_id: str | None,
) -> PipelineRunEntity:
    version = endpoint.default_version if version is None else version
    published = publishing.published_behind(workspace, endpoint, version)
    return _submit(workspace, engine, published, endpoint, info or SubmissionInfo(), parent_run_id)


def _submit(
    workspace: Workspace,
    engine: Engine,
    published: PublishedPipeline,
    endpoint: PipelineEndpoint | None,
    info: SubmissionInfo,
    parent_run_id: str | None,
) -> PipelineRunEntity:
    values, warnings = parameter_values(workspace, published.parameters, info)
    request = submit_request(info, values, parent_run_id)
    origin = Origin(
        published_pipeline_id=published.published_pipeline_id,
        pipeline_endpoint_id=None if endpoint is None else endpoint.pipeline_endpoint_id,
        warnings=warnings,
    )
    try:
        run, _ = publishing.start(workspace, engine, published, request, origin)
    except InvalidDocument as error:
        raise moved(error, _POINTERS) from None
    return run_entity(run)


def submit_request(info: SubmissionInfo, values: dict[str, Any], parent_run_id: str | None) -> SubmitRequest:
    """v1's submit document as our own.

    A parent that is a step run takes this run along when it ends; any other is noted and nothing more.

    Raises:
        InvalidDocument: With every fault.
    """
    properties = texts(info.properties) or {}
    is_step = parent_run_id is not None and re.match(STEP_RUN_ID_PATTERN, parent_run_id) is not None
    if parent_run_id and not is_step:
        properties = {**properties, "parentRunId": parent_run_id}
    fields = {
        "experiment_name": info.experiment_name or None,
        "description": info.description,
        "parameters": values,
        "labels": texts(info.tags),
        "properties": properties,
        "continue_on_step_failure": info.continue_run_on_step_failure,
        "parent_step_run_id": parent_run_id if is_step else None,
        "run_source": info.run_source,
    }
    return checked(SubmitRequest, fields, _KEYS)

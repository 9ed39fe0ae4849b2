"""v1's routes for pipeline drafts."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from api.dependencies import CallerDep, RecordId, RunId, WorkspaceDep
from api.v1.assignments import changed_values, parameter_values
from api.v1.draft_entities import DraftEntity, draft_entity
from api.v1.submissions import SubmissionInfo
from api.v1.wire import PAGE_SIZE, checked, every, moved, texts
from shared.core.errors import Fault, InvalidDocument
from shared.core.publishing import PipelineDraft
from shared.services import drafts
from shared.services.drafts import DraftChanges, DraftRequest
from shared.services.workspace import Workspace

router = APIRouter(prefix="/PipelineDrafts")

_INFO = "PipelineSubmissionInfo"
_KEYS = {
    "definition_id": "GraphDraftId",
    "published_pipeline_id": "ParentPipelineId",
    "run_id": "ParentPipelineRunId",
    "draft_id": "ParentPipelineDraftId",
}
_POINTERS = {"/parameters": f"/{_INFO}/ParameterAssignments"}


@router.post("/Create")
async def create(workspace: WorkspaceDep, caller: CallerDep, body: DraftEntity) -> DraftEntity:
    """Make a draft of a stored definition (`GraphDraftId`), or from what one of the `Parent...` keys names."""
    fields = _fields(body)
    sources = {
        "definition_id": body.graph_draft_id,
        "draft_id": body.parent_pipeline_draft_id,
        "run_id": body.parent_pipeline_run_id,
        "published_pipeline_id": body.parent_pipeline_id,
    }
    source = next(((name, value) for name, value in sources.items() if value is not None), None)
    if source is None:
        message = "The draft has no pipeline: give `GraphDraftId` or one of the `ParentPipeline...` keys."
        raise InvalidDocument([Fault(pointer="/GraphDraftId", message=message)])
    draft = drafts.create_draft(
        workspace, checked(DraftRequest, fields | dict([source]), _KEYS), caller_name=caller.name
    )
    info = body.pipeline_submission_info
    if info is None:
        return draft_entity(draft)
    # Values can be read only once it is known what the pipeline's parameters are.
    changes = checked(DraftChanges, {"parameters": {**draft.parameters, **_values(workspace, draft, info)}}, _KEYS)
    return draft_entity(drafts.update_draft(workspace, draft.pipeline_draft_id, changes))


@router.post("")
async def list_drafts(
    workspace: WorkspaceDep, tags: Annotated[dict[str, Any] | None, Body()] = None
) -> list[DraftEntity]:
    """Drafts that have all the tags of the body, newest first."""
    found = every(
        lambda token: drafts.list_drafts(
            workspace, tags=texts(tags) or {}, page_size=PAGE_SIZE, continuation_token=token
        )
    )
    return [draft_entity(each) for each in found]


@router.get("/Clone/{draft_id}")
async def clone(workspace: WorkspaceDep, caller: CallerDep, draft_id: RecordId) -> DraftEntity:
    """Make a draft of a draft (v1 does this with a GET)."""
    return _made(workspace, caller.name, {"draft_id": draft_id})


@router.get("/ClonePipelineRun/{run_id}")
async def clone_run(workspace: WorkspaceDep, caller: CallerDep, run_id: RunId) -> DraftEntity:
    """Make a draft of what a run was a run of, with its parameters."""
    return _made(workspace, caller.name, {"run_id": run_id})


@router.get("/ClonePublished/{pipeline_id}")
async def clone_published(workspace: WorkspaceDep, caller: CallerDep, pipeline_id: RecordId) -> DraftEntity:
    """Make a draft of a published pipeline."""
    return _made(workspace, caller.name, {"published_pipeline_id": pipeline_id})


@router.get("/{draft_id}")
async def get(workspace: WorkspaceDep, draft_id: RecordId) -> DraftEntity:
    """A draft."""
    return draft_entity(drafts.get_draft(workspace, draft_id))


@router.put("/{draft_id}")
async def change(workspace: WorkspaceDep, draft_id: RecordId, body: DraftEntity) -> DraftEntity:
    """Change what is sent."""
    fields = _fields(body)
    info = body.pipeline_submission_info
    draft = drafts.get_draft(workspace, draft_id)
    if body.graph_draft_id not in {None, draft.definition_id}:
        fields["definition_id"] = body.graph_draft_id
    elif info is not None and _gives_values(info):
        parameters = workspace.definition(draft.definition_id).parameters
        fields["parameters"], _ = changed_values(workspace, parameters, info, draft.parameters)
    try:
        return draft_entity(drafts.update_draft(workspace, draft_id, checked(DraftChanges, fields, _KEYS)))
    except InvalidDocument as error:
        raise moved(error, _POINTERS) from None


@router.delete("/{draft_id}")
async def delete(workspace: WorkspaceDep, draft_id: RecordId) -> DraftEntity:
    """Delete a draft; answers with what it was."""
    draft = drafts.get_draft(workspace, draft_id)
    drafts.delete_draft(workspace, draft_id)
    return draft_entity(draft)


def _made(workspace: Workspace, caller_name: str, source: dict[str, str]) -> DraftEntity:
    request = checked(DraftRequest, source, _KEYS)
    return draft_entity(drafts.create_draft(workspace, request, caller_name=caller_name))


def _fields(body: DraftEntity) -> dict[str, Any]:
    """What both making and changing take from v1's document."""
    info = body.pipeline_submission_info or SubmissionInfo()
    return {
        "name": body.name,
        "description": body.description if body.description is not None else info.description,
        "experiment_name": info.experiment_name or None,
        "continue_on_step_failure": info.continue_run_on_step_failure,
        "tags": texts(body.tags if body.tags is not None else info.tags),
        "properties": texts(body.properties if body.properties is not None else info.properties),
    }


def _gives_values(info: SubmissionInfo) -> bool:
    given = (info.parameter_assignments, info.data_path_assignments, info.data_set_definition_value_assignments)
    return any(each is not None for each in given)


def _values(workspace: Workspace, draft: PipelineDraft, info: SubmissionInfo) -> dict[str, Any]:
    parameters = workspace.definition(draft.definition_id).parameters
    return parameter_values(workspace, parameters, info)[0]

"""Drafts in v1's words."""

from typing import Any

from api.v1.assignments import wire_values
from api.v1.submissions import SubmissionInfo
from api.v1.wire import Wire
from shared.core.errors import Fault, InvalidDocument
from shared.core.publishing import PipelineDraft


class DraftEntity(Wire):
    """A draft, as v1's clients send it and get it."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    pipeline_submission_info: SubmissionInfo | None = None
    graph_draft_id: str | None = None
    parent_pipeline_id: str | None = None
    parent_pipeline_run_id: str | None = None
    parent_step_run_ids: list[str] | None = None
    parent_pipeline_draft_id: str | None = None
    last_submitted_pipeline_run_id: str | None = None
    created_by: Any = None
    last_updated_by: Any = None
    entity_status: str | None = None
    etag: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None
    tags: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


def draft_id_of(draft: DraftEntity) -> str:
    """The draft's id.

    Raises:
        InvalidDocument: It has none.
    """
    if draft.id is None:
        message = "The draft has no `Id`; POST PipelineDrafts/Create makes one."
        raise InvalidDocument([Fault(pointer="/Id", message=message)])
    return draft.id


def draft_entity(draft: PipelineDraft) -> DraftEntity:
    """A draft as v1 shows it. Its graph draft is the stored definition."""
    info = SubmissionInfo(
        experiment_name=draft.experiment_name,
        description=draft.description,
        continue_run_on_step_failure=draft.continue_on_step_failure,
        tags=dict(draft.tags),
        properties=dict(draft.properties),
        **wire_values(draft.parameters),
    )
    parents = {} if draft.parent is None else {draft.parent.kind: draft.parent.id}
    return DraftEntity(
        id=draft.pipeline_draft_id,
        name=draft.name,
        description=draft.description,
        pipeline_submission_info=info,
        graph_draft_id=draft.definition_id,
        parent_pipeline_id=parents.get("published_pipeline"),
        parent_pipeline_run_id=parents.get("run"),
        parent_step_run_ids=[],
        parent_pipeline_draft_id=parents.get("draft"),
        last_submitted_pipeline_run_id=draft.last_run_id,
        created_by=draft.created_by,
        entity_status="Active",
        etag=draft.etag,
        created_date=draft.created_at,
        last_modified_date=draft.updated_at,
        tags=dict(draft.tags),
        properties=dict(draft.properties),
    )

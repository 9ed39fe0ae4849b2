"""Pipeline drafts: a pipeline with its parameters and its experiment, changed and tried until it is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field, model_validator

from shared.core import names
from shared.core.bindings import ParameterValue
from shared.core.defaults import with_defaults
from shared.core.definition import PipelineDefinition
from shared.core.document import EXPERIMENT_PATTERN, Description, Digest, Document, Labels, Properties
from shared.core.publishing import DraftParent, PipelineDraft, PublishedPipeline, Title
from shared.core.records import Page, RunRecord
from shared.ports.engine import Engine
from shared.services.catalogue import change
from shared.services.documents import store_definition
from shared.services.publishing import PublishRequest, get_published, publish
from shared.services.submission import RunRequest, check_definition, experiment_of, submit_run
from shared.services.workspace import Workspace

_SOURCES = ("definition", "definition_id", "published_pipeline_id", "run_id", "draft_id")


class DraftRequest(Document):
    """What a client sends to make a draft.

    Attributes:
        name: None means the name of what the draft is made from.
        experiment_name: None means that of the run or draft it is made from, or else the pipeline's own.
        parameters: Values that differ from the defaults.
        definition: The pipeline, inline; or one of the ids. Exactly one of the five.
    """

    name: Title | None = None
    description: Description = ""
    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    parameters: dict[str, Any] = {}
    continue_on_step_failure: bool | None = None
    tags: Labels = {}
    properties: Properties = {}
    definition: dict[str, Any] | None = None
    definition_id: Digest | None = None
    published_pipeline_id: str | None = Field(default=None, max_length=128)
    run_id: str | None = Field(default=None, pattern=names.RUN_ID_PATTERN)
    draft_id: str | None = Field(default=None, max_length=128)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(getattr(self, name) is not None for name in _SOURCES) != 1:
            raise ValueError(f"A draft is made from exactly one of {', '.join(f'`{name}`' for name in _SOURCES)}.")
        return self


class DraftChanges(Document):
    """What a client sends to change a draft; what it leaves out stays as it is.

    Attributes:
        definition: Another pipeline, inline; or
        definition_id: the id of a stored one.
        parameters: All values that differ from the defaults, in place of the present ones.
    """

    name: Title | None = None
    description: Description | None = None
    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    parameters: dict[str, Any] | None = None
    continue_on_step_failure: bool | None = None
    tags: Labels | None = None
    properties: Properties | None = None
    definition: dict[str, Any] | None = None
    definition_id: Digest | None = None

    @model_validator(mode="after")
    def _one_definition(self) -> Self:
        if self.definition is not None and self.definition_id is not None:
            raise ValueError("A draft has one pipeline: give `definition` or `definition_id`, not both.")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a draft is made from."""

    definition: PipelineDefinition
    name: str
    parameters: Mapping[str, ParameterValue]
    experiment_name: str | None = None
    continue_on_step_failure: bool = False
    parent: DraftParent | None = None


def create_draft(workspace: Workspace, request: DraftRequest, *, caller_name: str | None = None) -> PipelineDraft:
    """Make a draft.

    Raises:
        InvalidDocument: With every fault of the definition or of the parameters.
        NotFound: What it is to be made from does not exist.
    """
    source = _source(workspace, request)
    continues = request.continue_on_step_failure
    now = workspace.now()
    draft = PipelineDraft(
        pipeline_draft_id=workspace.new_id(),
        name=request.name or source.name,
        description=request.description,
        experiment_name=request.experiment_name or source.experiment_name or experiment_of(source.definition),
        definition_id=store_definition(workspace.services.blobs, source.definition),
        parameters=_fitting(source.definition, {**source.parameters, **request.parameters}),
        continue_on_step_failure=source.continue_on_step_failure if continues is None else continues,
        tags=request.tags,
        properties=request.properties,
        parent=source.parent,
        created_at=now.isoformat(),
        created_by=caller_name,
        updated_at=now.isoformat(),
    )
    return workspace.services.catalogue.insert(draft)


def _source(workspace: Workspace, request: DraftRequest) -> _Source:
    if request.definition is not None or request.definition_id is not None:
        definition = _definition(workspace, request.definition, request.definition_id)
        return _Source(definition=definition, name=definition.name, parameters={})
    if request.published_pipeline_id is not None:
        published = get_published(workspace, request.published_pipeline_id)
        return _Source(
            definition=_definition(workspace, None, published.definition_id),
            name=published.name,
            parameters={},
            continue_on_step_failure=published.continue_on_step_failure,
            parent=DraftParent(kind="published_pipeline", id=published.published_pipeline_id),
        )
    if request.run_id is not None:
        run = workspace.services.runs.get_run(request.run_id)
        return _Source(
            definition=_definition(workspace, None, run.definition_id),
            name=run.pipeline,
            parameters=run.parameters,
            experiment_name=run.experiment,
            continue_on_step_failure=run.continue_on_step_failure,
            parent=DraftParent(kind="run", id=run.run_id),
        )
    draft = get_draft(workspace, request.draft_id or "")
    return _Source(
        definition=_definition(workspace, None, draft.definition_id),
        name=draft.name,
        parameters=draft.parameters,
        experiment_name=draft.experiment_name,
        continue_on_step_failure=draft.continue_on_step_failure,
        parent=DraftParent(kind="draft", id=draft.pipeline_draft_id),
    )


def _definition(workspace: Workspace, document: object, definition_id: str | None) -> PipelineDefinition:
    if definition_id is None:
        return check_definition(workspace, document, below="/definition")
    return check_definition(workspace, workspace.definition(definition_id).model_dump(mode="json"))


def _fitting(definition: PipelineDefinition, values: Mapping[str, object]) -> dict[str, ParameterValue]:
    """The values as their parameters' types have them. A value that is missing is a fault of the submit only."""
    parameters = with_defaults(definition, values).parameters
    fitting = ((name, parameters[name].default) for name in values)
    return {name: value for name, value in fitting if value is not None}


def get_draft(workspace: Workspace, pipeline_draft_id: str) -> PipelineDraft:
    """A draft.

    Raises:
        NotFound: There is none with this id.
    """
    return workspace.services.catalogue.get(PipelineDraft, pipeline_draft_id)


def list_drafts(
    workspace: Workspace, *, tags: Mapping[str, str], page_size: int, continuation_token: str | None
) -> Page[PipelineDraft]:
    """One page of the drafts that have all these tags, newest first."""
    found = workspace.services.catalogue.page(PipelineDraft, page_size, continuation_token)
    return found.only(lambda draft: tags.items() <= draft.tags.items())


def update_draft(workspace: Workspace, pipeline_draft_id: str, changes: DraftChanges) -> PipelineDraft:
    """Change a draft.

    Raises:
        NotFound: There is no such draft or definition.
        InvalidDocument: With every fault of the definition or of the parameters.
    """
    fields = changes.model_dump(exclude_none=True, exclude={"definition", "definition_id", "parameters"})
    given = None
    if changes.definition is not None or changes.definition_id is not None:
        given = _definition(workspace, changes.definition, changes.definition_id)
        fields["definition_id"] = store_definition(workspace.services.blobs, given)
    now = workspace.now().isoformat()

    def changed(old: PipelineDraft) -> PipelineDraft:
        definition = given or workspace.definition(old.definition_id)
        values = old.parameters if changes.parameters is None else changes.parameters
        if changes.parameters is None and given is not None:
            values = {name: value for name, value in values.items() if name in given.parameters}
        return old.model_copy(update={**fields, "parameters": _fitting(definition, values), "updated_at": now})

    return change(workspace, PipelineDraft, pipeline_draft_id, changed)


def delete_draft(workspace: Workspace, pipeline_draft_id: str) -> None:
    """Delete a draft; its runs and what was published from it stay.

    Raises:
        NotFound: There is none with this id.
    """
    get_draft(workspace, pipeline_draft_id)
    workspace.services.catalogue.delete(PipelineDraft, pipeline_draft_id)


def submit_draft(
    workspace: Workspace, engine: Engine, pipeline_draft_id: str, *, idempotency_key: str | None = None
) -> tuple[RunRecord, bool]:
    """Start a run of a draft as it is now.

    Returns:
        The run, and whether this call created it.

    Raises:
        NotFound: There is no such draft.
        InvalidDocument: Something is wrong by now; nothing was written.
    """
    draft = get_draft(workspace, pipeline_draft_id)
    request = RunRequest(
        definition_id=draft.definition_id,
        experiment_name=draft.experiment_name,
        description=draft.description,
        parameters=dict(draft.parameters),
        labels=draft.tags,
        properties=draft.properties,
        continue_on_step_failure=draft.continue_on_step_failure,
    )
    run, created = submit_run(workspace, engine, request, idempotency_key=idempotency_key)
    change(workspace, PipelineDraft, pipeline_draft_id, lambda old: old.model_copy(update={"last_run_id": run.run_id}))
    return run, created


def publish_draft(workspace: Workspace, pipeline_draft_id: str, *, caller_name: str | None = None) -> PublishedPipeline:
    """Publish a draft as it is now: its parameters become the defaults.

    Raises:
        NotFound: There is no such draft.
        InvalidDocument: Something is wrong by now.
    """
    draft = get_draft(workspace, pipeline_draft_id)
    request = PublishRequest(
        name=draft.name,
        description=draft.description,
        definition_id=draft.definition_id,
        parameters=dict(draft.parameters),
        continue_on_step_failure=draft.continue_on_step_failure,
        properties=draft.properties,
    )
    return publish(workspace, request, caller_name=caller_name)

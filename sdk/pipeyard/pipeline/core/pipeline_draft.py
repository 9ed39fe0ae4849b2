"""v1's pipeline drafts: pipelines in the making, kept in the workspace and changed until they are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import require_workspace
from pipeyard._clients.publishing import PublishingClient
from pipeyard.core._entity import Entity
from pipeyard.pipeline.core._starting import save_definition, start
from pipeyard.pipeline.core._submission import parameter_values, prepare
from pipeyard.pipeline.core.pipeline import Graph, Pipeline
from pipeyard.pipeline.core.published_pipeline import PublishedPipeline

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping

    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001  (v1's signatures)


class PipelineDraft(Entity):
    """A pipeline in the making.

    Attributes:
        workspace: Where it is kept.
        document: Everything that the workspace knows about it.
    """

    @staticmethod
    def create(
        workspace: Workspace,
        pipeline: Any,
        name: str | None = None,
        description: str | None = None,
        experiment_name: str | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        continue_on_step_failure: bool | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> PipelineDraft:
        """A draft of a Pipeline, or a copy of a PublishedPipeline, a PipelineRun or another draft.

        Raises:
            ValueError: A Pipeline comes without a name or an experiment, or it is something else.
        """
        require_workspace(workspace, "PipelineDraft.create")
        if isinstance(pipeline, Pipeline) and (not name or not experiment_name):
            raise ValueError("A draft of a Pipeline needs a name and an experiment_name.")
        body = {
            "name": name or getattr(pipeline, "name", None) or "draft",
            "description": description,
            "experiment_name": experiment_name or _experiment_of(pipeline),
            "parameters": parameter_values(pipeline_parameters),
            "continue_on_step_failure": continue_on_step_failure,
            "tags": dict(tags or {}),
            "properties": dict(properties or {}),
            **_origin(workspace, pipeline),
        }
        sent = {key: value for key, value in body.items() if value not in (None, {})}
        return PipelineDraft(workspace, PublishingClient(workspace.client.http).create_draft(sent))

    @staticmethod
    def get(workspace: Workspace, id: str) -> PipelineDraft:  # noqa: A002  (v1's name)
        """A draft by its id."""
        require_workspace(workspace, "PipelineDraft.get")
        return PipelineDraft(workspace, PublishingClient(workspace.client.http).get_draft(id))

    @staticmethod
    def list(workspace: Workspace, tags: Mapping[str, str] | None = None) -> builtins.list[PipelineDraft]:
        """Drafts with all of these tags, newest first."""
        require_workspace(workspace, "PipelineDraft.list")
        wanted = dict(tags or {})
        first = next(iter(wanted.items()), None)
        found = PublishingClient(workspace.client.http).list_drafts(f"{first[0]}:{first[1]}" if first else None)
        drafts = [PipelineDraft(workspace, document) for document in found]
        return [draft for draft in drafts if wanted.items() <= draft.tags.items()]

    @property
    def experiment_name(self) -> str:
        """Under which its runs are listed."""
        return str(self.document["experiment_name"])

    @property
    def graph_id(self) -> str:
        """Id of its definition."""
        return str(self.document["definition_id"])

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.document.get("tags") or {})

    @property
    def pipeline_parameters(self) -> dict[str, Any]:
        """Values of its parameters."""
        return dict(self.document.get("parameters") or {})

    @property
    def last_submitted_pipeline_run_id(self) -> str | None:
        """The run that it started last."""
        return self.document.get("last_run_id")

    @property
    def parent_pipeline_run_id(self) -> str | None:
        """The run that it was made of."""
        return self._parent("run")

    @property
    def parent_published_pipeline_id(self) -> str | None:
        """The published pipeline that it was made of."""
        return self._parent("published_pipeline")

    @property
    def parent_pipeline_draft_id(self) -> str | None:
        """The draft that it was made of."""
        return self._parent("draft")

    def _parent(self, kind: str) -> str | None:
        parent = self.document.get("parent") or {}
        return parent.get("id") if parent.get("kind") == kind else None

    def update(
        self,
        pipeline: Pipeline | None = None,
        name: str | None = None,
        description: str | None = None,
        experiment_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        continue_on_step_failure: bool | None = None,
    ) -> None:
        """Change what is given; what is not stays."""
        changes = {
            "name": name,
            "description": description,
            "experiment_name": experiment_name,
            "tags": None if tags is None else dict(tags),
            "parameters": None if pipeline_parameters is None else parameter_values(pipeline_parameters),
            "continue_on_step_failure": continue_on_step_failure,
            **(_origin(self.workspace, pipeline) if pipeline is not None else {}),
        }
        sent = {key: value for key, value in changes.items() if value is not None}
        self.document = PublishingClient(self.workspace.client.http).change_draft(self.id, sent)

    def submit_run(self) -> PipelineRun:
        """Start a run."""
        client = PublishingClient(self.workspace.client.http)
        run = start(self.workspace, client.submit_draft(self.id))
        self.document = client.get_draft(self.id)
        return run

    def publish(self) -> PublishedPipeline:
        """Publish it as it is now."""
        document = PublishingClient(self.workspace.client.http).publish_draft(self.id)
        return PublishedPipeline.of(self.workspace, document)

    def delete(self) -> None:
        """Delete it."""
        PublishingClient(self.workspace.client.http).delete_draft(self.id)

    def get_graph(self) -> Graph:
        """Steps and the edges between them."""
        return Graph.of(PublishingClient(self.workspace.client.http).get_definition(self.graph_id))

    def save(self, path: str | Path | None = None) -> str:
        """Write its definition to a file; returns the file's path."""
        definition = PublishingClient(self.workspace.client.http).get_definition(self.graph_id)
        return save_definition(definition, path, self.name)

    def __repr__(self) -> str:
        return f"PipelineDraft(name={self.name!r}, id={self.id!r})"


def _origin(workspace: Workspace, pipeline: Any) -> dict[str, Any]:
    """What a draft is made of, as the workspace takes it."""
    from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the modules are a circle)

    if isinstance(pipeline, Pipeline):
        return {"definition": prepare(workspace, pipeline).definition}
    for kind, key in (
        (PublishedPipeline, "published_pipeline_id"),
        (PipelineDraft, "draft_id"),
        (PipelineRun, "run_id"),
    ):
        if isinstance(pipeline, kind):
            return {key: pipeline.id}
    raise ValueError(
        f"A draft is made of a Pipeline, PublishedPipeline, PipelineRun or PipelineDraft, not {pipeline!r}."
    )


def _experiment_of(pipeline: Any) -> str:
    experiment = getattr(pipeline, "experiment", None)
    return str(getattr(pipeline, "experiment_name", None) or getattr(experiment, "name", None) or "drafts")

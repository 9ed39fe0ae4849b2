"""v1's published pipelines: kept definitions that anyone with the id can start, without the sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import require_workspace
from pipeyard._clients.publishing import PublishingClient
from pipeyard.core._entity import Entity
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._starting import save_definition, start, submit_body
from pipeyard.pipeline.core._submission import check_parameters
from pipeyard.pipeline.core.pipeline import Graph

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping

    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)


class PublishedPipeline(Entity):
    """A published pipeline. It never changes, but for being enabled or disabled.

    Attributes:
        workspace: Where it is kept.
        document: Everything that the workspace knows about it.
    """

    @classmethod
    def of(cls, workspace: Workspace, document: Mapping[str, Any]) -> PublishedPipeline:
        """The object for a document of the workspace."""
        return cls(workspace, document)

    @staticmethod
    def get(workspace: Workspace, id: str | None = None, **kwargs: Any) -> PublishedPipeline:  # noqa: A002  (v1's name)
        """A published pipeline by its id.

        Raises:
            UserErrorException: There is none, or it was asked for by name, which is not unique.
        """
        require_workspace(workspace, "PublishedPipeline.get")
        if kwargs or not id:
            wrong = ", ".join(sorted(kwargs)) or "nothing"
            raise UserErrorException(
                f"PublishedPipeline.get takes an id, not {wrong}: several published pipelines may share a name. "
                "Find it with PublishedPipeline.list(workspace), or give it an endpoint, whose name is unique: "
                "PipelineEndpoint.get(workspace, name=...)."
            )
        return PublishedPipeline(workspace, PublishingClient(workspace.client.http).get_published(id))

    @staticmethod
    def list(
        workspace: Workspace, active_only: bool = True, _service_endpoint: object = None
    ) -> builtins.list[PublishedPipeline]:
        """Published pipelines, newest first."""
        require_workspace(workspace, "PublishedPipeline.list")
        found = PublishingClient(workspace.client.http).list_published(active_only=active_only)
        return [PublishedPipeline(workspace, document) for document in found]

    @staticmethod
    def get_all(workspace: Workspace, active_only: bool = True) -> builtins.list[PublishedPipeline]:
        """v1's older name of `list`."""
        return PublishedPipeline.list(workspace, active_only)

    @property
    def version(self) -> str | None:
        """The version that its author gave it."""
        return self.document.get("version")

    @property
    def status(self) -> str:
        """`Active` or `Disabled`."""
        return str(self.document["status"])

    @property
    def endpoint(self) -> str:
        """The address that starts it, for any HTTP client."""
        return str(self.document["endpoint"])

    @property
    def graph_id(self) -> str:
        """Id of its definition."""
        return str(self.document["definition_id"])

    @property
    def total_run_steps(self) -> int:
        """How many steps it has."""
        return int(self.document["step_count"])

    @property
    def continue_on_step_failure(self) -> bool:
        """Whether steps that do not need a failed one go on."""
        return bool(self.document.get("continue_on_step_failure"))

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters by name, each with `type` and `default`."""
        return dict(self.document.get("parameters") or {})

    def submit(
        self,
        workspace: Workspace,
        experiment_name: str,
        pipeline_parameters: Mapping[str, Any] | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        parent_run_id: str | None = None,
        continue_on_step_failure: bool | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        regenerate_outputs: bool | None = None,
    ) -> PipelineRun:
        """Start a run.

        Raises:
            UserErrorException: It is disabled, or a parameter is wrong.
        """
        require_workspace(workspace, "PublishedPipeline.submit")
        check_parameters(f"The published pipeline {self.name!r}", self.parameters, pipeline_parameters)
        body = submit_body(experiment_name, pipeline_parameters, parent_run_id, tags)
        body |= {} if continue_on_step_failure is None else {"continue_on_step_failure": continue_on_step_failure}
        body |= {} if regenerate_outputs is None else {"regenerate_outputs": regenerate_outputs}
        return start(workspace, PublishingClient(workspace.client.http).submit_published(self.id, body))

    def enable(self) -> None:
        """Let it be started again."""
        self.document = PublishingClient(self.workspace.client.http).set_published_status(self.id, "Active")

    def disable(self) -> None:
        """Let nobody start it any more; runs under way go on."""
        self.document = PublishingClient(self.workspace.client.http).set_published_status(self.id, "Disabled")

    def get_graph(self, workspace: Workspace | None = None) -> Graph:
        """Steps and the edges between them."""
        definition = PublishingClient((workspace or self.workspace).client.http).get_definition(self.graph_id)
        return Graph.of(definition)

    def get_step_names(self) -> builtins.list[str]:
        """Names of its steps."""
        return [str(name) for name in self.document.get("step_names") or ()]

    def save(self, path: str | Path | None = None) -> str:
        """Write its definition to a file; returns the file's path."""
        definition = PublishingClient(self.workspace.client.http).get_definition(self.graph_id)
        return save_definition(definition, path, self.name)

    def __repr__(self) -> str:
        return f"PublishedPipeline(name={self.name!r}, id={self.id!r}, status={self.status!r})"

"""v1's pipeline endpoints: one address that leads to one of several published pipelines, its versions."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

from pipeyard._checks import require_workspace
from pipeyard._clients.publishing import PublishingClient
from pipeyard.core._entity import Entity
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._starting import start, submit_body
from pipeyard.pipeline.core.pipeline import Pipeline
from pipeyard.pipeline.core.published_pipeline import PublishedPipeline

if TYPE_CHECKING:
    import builtins
    from collections.abc import Mapping

    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)

CONFLICT = 409


class PipelineVersion:
    """A version of an endpoint.

    Attributes:
        version: Its number, as text.
        pipeline: The published pipeline behind it.
    """

    def __init__(self, workspace: Workspace, version: str, pipeline_id: str) -> None:
        self._workspace = workspace
        self.version = version
        self.pipeline_id = pipeline_id

    @property
    def pipeline(self) -> PublishedPipeline:
        """The published pipeline behind it."""
        return PublishedPipeline.get(self._workspace, self.pipeline_id)

    def __repr__(self) -> str:
        return f"PipelineVersion(version={self.version!r}, pipeline_id={self.pipeline_id!r})"


class PipelineEndpoint(Entity):
    """An address with versions behind it.

    Attributes:
        workspace: Where it is kept.
        document: Everything that the workspace knows about it.
    """

    @staticmethod
    def publish(
        workspace: Workspace,
        name: str,
        pipeline: Pipeline | PublishedPipeline | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> PipelineEndpoint:
        """Create an endpoint with a first version.

        Raises:
            ValueError: The name is taken, or it is given something else than a pipeline.
        """
        require_workspace(workspace, "PipelineEndpoint.publish")
        if isinstance(pipeline, str | None):
            # v1's positional order is name, description, pipeline.
            pipeline, description = kwargs.pop("published_pipeline", None) or description, pipeline  # type: ignore[assignment]
        published = _published(pipeline, name)
        body = {"name": name, "description": description or "", "published_pipeline_id": published.id}
        try:
            return PipelineEndpoint(workspace, PublishingClient(workspace.client.http).create_endpoint(body))
        except UserErrorException as error:
            if error.status == CONFLICT:
                raise ValueError(error.message) from error
            raise

    @staticmethod
    def get(
        workspace: Workspace,
        id: str | None = None,  # noqa: A002  (v1's name)
        name: str | None = None,
    ) -> PipelineEndpoint:
        """An endpoint by its id or its name.

        Raises:
            UserErrorException: There is none, or neither is given.
        """
        require_workspace(workspace, "PipelineEndpoint.get")
        client = PublishingClient(workspace.client.http)
        if id is not None:
            return PipelineEndpoint(workspace, client.get_endpoint(id))
        if name is not None:
            return PipelineEndpoint(workspace, client.get_endpoint_by_name(name))
        raise UserErrorException("PipelineEndpoint.get needs an id or a name.")

    @staticmethod
    def list(workspace: Workspace, active_only: bool = True, max_results: int = 100) -> builtins.list[PipelineEndpoint]:
        """Endpoints, newest first."""
        require_workspace(workspace, "PipelineEndpoint.list")
        found = PublishingClient(workspace.client.http).list_endpoints(active_only=active_only)
        return [PipelineEndpoint(workspace, document) for document, _ in zip(found, range(max_results), strict=False)]

    @property
    def status(self) -> str:
        """`Active` or `Disabled`."""
        return str(self.document["status"])

    @property
    def default_version(self) -> str:
        """The version that runs unless another is named."""
        return str(self.document["default_version"])

    @property
    def endpoint(self) -> str:
        """The address that starts it, for any HTTP client."""
        return str(self.document["endpoint"])

    @property
    def swaggerurl(self) -> str:
        """The address of its description for machines."""
        return str(self.document.get("swagger_url") or "")

    @property
    def pipeline_version_list(self) -> builtins.list[PipelineVersion]:
        """Its versions."""
        return self.list_versions()

    def add(self, pipeline: Pipeline | PublishedPipeline) -> PublishedPipeline:
        """Add a version, without making it the default.

        Raises:
            ValueError: It is a version already, or no pipeline.
        """
        return self._add(pipeline, set_default=False)

    def add_default(self, pipeline: Pipeline | PublishedPipeline) -> PublishedPipeline:
        """Add a version and make it the default."""
        return self._add(pipeline, set_default=True)

    def _add(self, pipeline: Any, *, set_default: bool) -> PublishedPipeline:
        published = _published(pipeline, self.name)
        if any(version["published_pipeline_id"] == published.id for version in self.document["versions"]):
            raise ValueError(f"The endpoint {self.name!r} has the pipeline {published.id} as a version already.")
        self.document = self._client().add_version(self.id, published.id, set_default=set_default)
        return published

    def set_default(self, pipeline: PublishedPipeline) -> None:
        """Make the version of a published pipeline the default.

        Raises:
            ValueError: It is no version of this endpoint.
        """
        for version in self.document["versions"]:
            if version["published_pipeline_id"] == pipeline.id:
                self.set_default_version(version["version"])
                return
        raise ValueError(f"The pipeline {pipeline.id} is no version of the endpoint {self.name!r}: add it first.")

    def set_default_version(self, version: str) -> None:
        """Make a version the default.

        Raises:
            ValueError: There is no such version.
        """
        self._version(version)
        self.document = self._client().change_endpoint(self.id, {"default_version": str(version)})

    def get_default_version(self) -> str:
        """The version that runs unless another is named."""
        return self.default_version

    def rollback(self, to_version: str | None = None) -> None:
        """Make an earlier version the default again: the default before the present one unless one is named."""
        self.document = self._client().rollback(self.id, to_version)

    def get_pipeline(self, version: str | None = None) -> PublishedPipeline:
        """The published pipeline of a version, the default one unless one is named."""
        return self._version(version or self.default_version).pipeline

    def list_versions(self) -> builtins.list[PipelineVersion]:
        """Its versions."""
        return [
            PipelineVersion(self.workspace, str(item["version"]), item["published_pipeline_id"])
            for item in self.document["versions"]
        ]

    def list_pipelines(self, active_only: bool = True) -> builtins.list[PublishedPipeline]:
        """The published pipelines of all versions."""
        pipelines = [version.pipeline for version in self.list_versions()]
        return [item for item in pipelines if item.status == "Active" or not active_only]

    def set_name(self, name: str) -> None:
        """Give it another name."""
        self.document = self._client().change_endpoint(self.id, {"name": name})

    def set_description(self, description: str) -> None:
        """Describe it anew."""
        self.document = self._client().change_endpoint(self.id, {"description": description})

    def enable(self) -> None:
        """Let it be used again."""
        self.document = self._client().change_endpoint(self.id, {"status": "Active"})

    def disable(self) -> None:
        """Let nobody use it any more."""
        self.document = self._client().change_endpoint(self.id, {"status": "Disabled"})

    def archive(self) -> None:
        """Disable it and free its name."""
        self.document = self._client().change_endpoint(self.id, {"name": str(uuid.uuid4()), "status": "Disabled"})

    def reactivate(self, name: str) -> None:
        """Give it a name and let it be used again."""
        self.document = self._client().change_endpoint(self.id, {"name": name, "status": "Active"})

    def submit(
        self,
        experiment_name: str,
        pipeline_parameters: Mapping[str, Any] | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        parent_run_id: str | None = None,
        pipeline_version: str | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> PipelineRun:
        """Start a run of a version, the default one unless one is named.

        Raises:
            ValueError: The endpoint is disabled, or there is no such version.
        """
        if self.status != "Active":
            raise ValueError(f"The endpoint {self.name!r} is {self.status}. Call enable() first.")
        version = None if pipeline_version is None else self._version(pipeline_version).version
        body = submit_body(experiment_name, pipeline_parameters, parent_run_id, tags)
        return start(self.workspace, self._client().submit_endpoint(self.id, version, body))

    def _version(self, version: str) -> PipelineVersion:
        for item in self.list_versions():
            if item.version == str(version):
                return item
        known = ", ".join(item.version for item in self.list_versions())
        raise ValueError(f"The endpoint {self.name!r} has no version {version!r}, only {known}.")

    def _client(self) -> PublishingClient:
        return PublishingClient(self.workspace.client.http)

    def __repr__(self) -> str:
        return f"PipelineEndpoint(name={self.name!r}, id={self.id!r}, default_version={self.default_version!r})"


def _published(pipeline: Any, name: str) -> PublishedPipeline:
    """A published pipeline; a pipeline is published first, under a name with a time."""
    if isinstance(pipeline, PublishedPipeline):
        return pipeline
    if isinstance(pipeline, Pipeline):
        return pipeline.publish(name=f"{name}_{time.strftime('%Y-%m-%d_%H-%M-%S', time.gmtime())}")
    raise ValueError(f"An endpoint takes a Pipeline or a PublishedPipeline, not {pipeline!r}.")

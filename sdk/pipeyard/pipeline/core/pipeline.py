"""v1's `azureml.pipeline.core.pipeline`: steps as one thing that is checked, planned, submitted and published.

The constructor finds all steps, checks that everything that is read is written and that every script exists. Source
directories are hashed each time a pipeline is validated, planned, submitted or published, so that a changed script is
seen at once (v1 read them only the first time). What the workspace gets is the definition document that
`Pipeline.definition()` shows, with the workspace's default datastore where the pipeline names none.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import definition_name, not_offered, require_workspace, texts, warn
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._closure import checked_wiring, steps_of
from pipeyard.pipeline.core._translation import Translator, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeyard import _wire
    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core._plan import Plan
    from pipeyard.pipeline.core._submission import LocalBuild
    from pipeyard.pipeline.core.builder import PipelineStep
    from pipeyard.pipeline.core.published_pipeline import PublishedPipeline
    from pipeyard.pipeline.core.run import PipelineRun

# ruff: noqa: FBT001, FBT002  (v1's signatures)

DEFAULT_NAME = "pipeline"


class Pipeline:
    """Steps that belong together.

    Attributes:
        workspace: Where it will run.
        steps: All steps, those included that others needed.
        description: For people.
        name: Of the definition; None takes the experiment's or the published pipeline's.
        default_datastore: Name of the datastore for outputs that name none; None for the workspace's default.
        default_source_directory: For script steps that name none.
        max_parallel_steps: Most steps in flight at once.
    """

    def __init__(
        self,
        workspace: Workspace,
        steps: Any,
        description: str | None = None,
        default_datastore: Any = None,
        default_source_directory: str | Path | None = None,
        resolve_closure: bool = True,
        *,
        name: str | None = None,
        max_parallel_steps: int | None = None,
        labels: Mapping[str, str] | None = None,
        enable_email_notification: bool | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise ValueError(f"Pipeline does not know {', '.join(sorted(kwargs))}.")
        require_workspace(workspace, "Pipeline")
        if enable_email_notification:
            warn("enable_email_notification has no effect. Register a webhook to be told about the ends of runs.")
        self.workspace = workspace
        self.description = description or ""
        self.name = name
        self.labels = dict(labels or {})
        self.max_parallel_steps = max_parallel_steps
        self.default_datastore = _name_of(default_datastore)
        self.default_source_directory = None if default_source_directory is None else str(default_source_directory)
        self.steps: list[PipelineStep] = steps_of(steps, resolve_closure=resolve_closure)
        self._wiring = checked_wiring(self.steps)
        for step in self.steps:
            self._check_source(step)

    def _check_source(self, step: PipelineStep) -> None:
        source = source_of(step, self.default_source_directory)
        if source is None or step.script_name is None:
            return
        if not (source / step.script_name).is_file():
            raise ValueError(
                f"Step {step.name!r}: there is no script {source / step.script_name}. The script is looked up in the "
                "step's source_directory, else the pipeline's default_source_directory, else the working directory."
            )

    @property
    def graph(self) -> Graph:
        """Steps and the edges between them."""
        return Graph.of(self.definition())

    def definition(self, name: str | None = None) -> _wire.Definition:
        """The definition document; source directories are hashed, nothing is uploaded."""
        return self.build(name).definition

    def build(self, name: str | None = None) -> LocalBuild:
        """The definition document with the source directories that it needs."""
        from pipeyard.pipeline.core._submission import LocalBuild, take_snapshots  # noqa: PLC0415  (loads httpx)

        sources = [source for step in self.steps if (source := source_of(step, self.default_source_directory))]
        snapshots = take_snapshots(sources)
        translator = Translator(
            wiring=self._wiring,
            digests={source: snapshot.digest for source, snapshot in snapshots.items()},
            default_source_directory=self.default_source_directory,
        )
        steps = [translator.step(step) for step in self.steps]
        document = {
            "schema_version": 1,
            "name": definition_name(self.name or name or DEFAULT_NAME),
            "description": self.description,
            "parameters": translator.parameter_documents(),
            "steps": steps,
            "outputs": translator.outputs,
            "default_datastore": self.default_datastore,
            "max_parallel_steps": self.max_parallel_steps,
            "labels": self.labels,
        }
        kept = {key: value for key, value in document.items() if value or key == "steps"}
        distinct = {snapshot.directory: snapshot for snapshot in snapshots.values()}
        return LocalBuild(definition=kept, snapshots=tuple(distinct.values()), parameters=dict(translator.parameters))

    def validate(self) -> list[str]:
        """Check the pipeline against the workspace.

        Returns:
            What is wrong, a sentence each; empty when all is well. Warnings are printed.
        """
        from pipeyard.pipeline.core._submission import prepare  # noqa: PLC0415  (loads httpx)

        try:
            build = prepare(self.workspace, self)
            warnings = self.workspace.client.validate(build.definition)
        except UserErrorException as error:
            return [str(fault) for fault in error.faults] or [error.message]
        except ValueError as error:
            return [str(error)]
        for warning in warnings:
            sys.stdout.write(f"Warning: {warning}\n")
        for step in self.steps:
            sys.stdout.write(f"Step {step.name} is ready to be created\n")
        return []

    def plan(
        self,
        experiment_name: str | None = None,
        pipeline_parameters: Mapping[str, Any] | None = None,
        regenerate_outputs: bool = False,
    ) -> Plan:
        """What a submit would run and what it would reuse, and why. No run is started."""
        from pipeyard.pipeline.core._submission import plan_pipeline  # noqa: PLC0415  (loads httpx)

        return plan_pipeline(self, experiment_name, pipeline_parameters, regenerate_outputs=regenerate_outputs)

    def submit(
        self,
        experiment_name: str,
        pipeline_parameters: Mapping[str, Any] | None = None,
        continue_on_step_failure: bool = False,
        regenerate_outputs: bool = False,
        parent_run_id: str | None = None,
        credential_passthrough: bool | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> PipelineRun:
        """Start a run.

        Args:
            experiment_name: Under which the run is listed.
            pipeline_parameters: Values in place of defaults, by name.
            continue_on_step_failure: Steps that do not need the failed one go on.
            regenerate_outputs: Run every step, whatever could be reused.
            parent_run_id: The step run that starts this one.
            credential_passthrough: Refused; a step works with the identity of its compute target.
            tags: For people and searches.

        Raises:
            UserErrorException: The pipeline, a parameter or the name is wrong; lists everything.
        """
        from pipeyard.pipeline.core._submission import submit_pipeline  # noqa: PLC0415  (loads httpx)

        if credential_passthrough:
            raise not_offered("credential passthrough", "A step works with the identity of its compute target.")
        request = {
            "continue_on_step_failure": continue_on_step_failure,
            "regenerate_outputs": regenerate_outputs,
            "labels": texts(tags),
            "parent_step_run_id": parent_run_id,
        }
        return submit_pipeline(self, experiment_name, pipeline_parameters, request)

    def publish(
        self,
        name: str | None = None,
        description: str | None = None,
        version: str | None = None,
        continue_on_step_failure: bool | None = None,
    ) -> PublishedPipeline:
        """Keep the pipeline in the workspace, to be started by its id without its sources.

        Raises:
            UserErrorException: The pipeline is wrong; lists everything.
        """
        from pipeyard.pipeline.core._submission import publish_pipeline  # noqa: PLC0415  (loads httpx)

        return publish_pipeline(self, name, description, version, continue_on_step_failure=continue_on_step_failure)

    @staticmethod
    def load_yaml(workspace: Workspace, filename: str | Path, **kwargs: Any) -> Pipeline:
        """A pipeline from v1's YAML form."""
        from pipeyard.pipeline.core._pipeline_yaml import load  # noqa: PLC0415  (needed by few)

        require_workspace(workspace, "Pipeline.load_yaml")
        return load(workspace, Path(filename), **kwargs)

    def service_endpoint(self) -> str:
        """The address at which the workspace serves pipelines."""
        return self.workspace.url

    def __repr__(self) -> str:
        return f"Pipeline(steps={[step.name for step in self.steps]!r})"


class Graph:
    """A pipeline's shape.

    Attributes:
        nodes: Names of the steps.
        edges: (earlier step, later step).
        params: Parameters by name, each with `type` and `default`.
    """

    def __init__(self, nodes: list[str], edges: list[tuple[str, str]], params: dict[str, Any]) -> None:
        self.nodes = nodes
        self.edges = edges
        self.params = params

    @classmethod
    def of(cls, definition: _wire.Definition) -> Graph:
        """The shape of a definition."""
        edges = [
            (source["step"], step["name"])
            for step in definition["steps"]
            for source in step.get("inputs", {}).values()
            if source["kind"] == "pipeline_data"
        ]
        edges += [(before, step["name"]) for step in definition["steps"] for before in step.get("run_after", ())]
        return cls([step["name"] for step in definition["steps"]], sorted(set(edges)), definition.get("parameters", {}))

    @property
    def node_names(self) -> list[str]:
        """Names of the steps."""
        return list(self.nodes)


def _name_of(datastore: Any) -> str | None:
    return None if datastore is None else str(getattr(datastore, "name", datastore))

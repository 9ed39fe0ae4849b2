"""Pipelines on their way to the workspace: snapshots, parameters, the lines that v1's users know."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pipeyard._checks import suggest
from pipeyard._clients.compute import ComputeClient
from pipeyard._git import git_properties
from pipeyard._snapshots import LocalSnapshot, take_snapshot, upload_snapshot
from pipeyard.core.experiment import Experiment
from pipeyard.data import _documents
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import Fault, UserErrorException
from pipeyard.pipeline.core._plan import Plan
from pipeyard.pipeline.core.graph import PipelineParameter, is_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeyard import _wire
    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.pipeline import Pipeline
    from pipeyard.pipeline.core.published_pipeline import PublishedPipeline
    from pipeyard.pipeline.core.run import PipelineRun


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBuild:
    """A definition with what it needs.

    Attributes:
        definition: The document.
        snapshots: Source directories, to be uploaded before the workspace can check it.
        parameters: The pipeline's parameters by name.
    """

    definition: _wire.Definition
    snapshots: tuple[LocalSnapshot, ...]
    parameters: dict[str, PipelineParameter]

    def upload(self, workspace: Workspace) -> None:
        """Upload the snapshots, and print what the user should know about them."""
        for snapshot in self.snapshots:
            for warning in snapshot.warnings:
                sys.stdout.write(f"Warning: {snapshot.directory}: {warning}\n")
            upload_snapshot(workspace.client, snapshot)

    def git(self) -> dict[str, str]:
        """Where the sources come from."""
        return git_properties(self.snapshots[0].directory) if self.snapshots else {}


def prepare(workspace: Workspace, pipeline: Pipeline, name: str | None = None) -> LocalBuild:
    """A pipeline as the workspace takes it, its sources uploaded.

    The workspace's default datastore is for pipelines that name none, as in v1; only the workspace knows which it is.
    """
    _check_target_types(workspace, pipeline)
    build = pipeline.build(name)
    build.upload(workspace)
    if "default_datastore" in build.definition:
        return build
    datastore = workspace.get_default_datastore().name
    return replace(build, definition={**build.definition, "default_datastore": datastore})


def _check_target_types(workspace: Workspace, pipeline: Pipeline) -> None:
    """Refuse steps whose compute target is of another type than they say; unknown names the workspace tells itself."""
    said = [step for step in pipeline.steps if step.compute_type is not None]
    if not said:
        return
    known = {target["name"].lower(): target["type"] for target in ComputeClient(workspace.client.http).list()}
    faults = [
        Fault(
            pointer="",
            message=f"Step {step.name!r} takes the compute target {step.compute_target!r} for {step.compute_type}.",
            suggestion=f"It is {kind}: write the name alone, or ({step.compute_target!r}, {kind!r}).",
        )
        for step in said
        if (kind := known.get(str(step.compute_target).lower())) not in (None, step.compute_type)
    ]
    if faults:
        raise UserErrorException("The pipeline names wrong types of compute targets:", faults=faults)


def take_snapshots(sources: Iterable[Path]) -> dict[Path, LocalSnapshot]:
    """A snapshot of each directory; each distinct one is read once."""
    taken: dict[Path, LocalSnapshot] = {}
    snapshots: dict[Path, LocalSnapshot] = {}
    for source in sources:
        resolved = source.resolve()
        if resolved not in taken:
            taken[resolved] = take_snapshot(source)
        snapshots[source] = taken[resolved]
    return snapshots


def plan_pipeline(
    pipeline: Pipeline, experiment: str | None, parameters: Mapping[str, Any] | None, *, regenerate_outputs: bool
) -> Plan:
    """Ask the workspace what a submit would do."""
    build = prepare(pipeline.workspace, pipeline, experiment)
    request = _request(build, experiment, parameters, {"regenerate_outputs": regenerate_outputs})
    return Plan(pipeline.workspace.client.plan(request))


def submit_pipeline(
    pipeline: Pipeline, experiment: str, parameters: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> PipelineRun:
    """Start a run, telling about each step what v1 told."""
    from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (runs publish pipelines: the modules are a circle)

    home = Experiment(pipeline.workspace, experiment)
    build = prepare(pipeline.workspace, pipeline, experiment)
    request = _request(build, experiment, parameters, {**more, "properties": build.git()})
    client = pipeline.workspace.client
    planned = cast("_wire.RunRequest", {key: request[key] for key in PLAN_KEYS if key in request})  # type: ignore[literal-required]
    for step in client.plan(planned):
        sys.stdout.write(f"Created step {step['name']}, {_OUTLOOK.get(step['action'], _WILL_RUN)}\n")
    run = client.submit(request)
    sys.stdout.write(f"Submitted PipelineRun {run['run_id']}\n")
    sys.stdout.write(f"Link to the run: {pipeline.workspace.url}/api/runs/{run['run_id']}\n")
    return PipelineRun(home, run["run_id"])


PLAN_KEYS = ("definition", "experiment_name", "parameters", "regenerate_outputs")
_WILL_RUN = "(This step will run and generate new outputs)"
_OUTLOOK = {"reuse": "(This step is eligible to reuse a previous run's output)"}


def publish_pipeline(
    pipeline: Pipeline,
    name: str | None,
    description: str | None,
    version: str | None,
    *,
    continue_on_step_failure: bool | None,
) -> PublishedPipeline:
    """Keep a pipeline in the workspace."""
    from pipeyard._clients.publishing import PublishingClient  # noqa: PLC0415  (beside its only use)
    from pipeyard.pipeline.core.published_pipeline import PublishedPipeline  # noqa: PLC0415  (the modules are a circle)

    build = prepare(pipeline.workspace, pipeline, name)
    body = {
        "name": name or build.definition["name"],
        "description": description or pipeline.description,
        "version": version,
        "continue_on_step_failure": continue_on_step_failure,
        "properties": build.git(),
        "definition": build.definition,
    }
    sent = {key: value for key, value in body.items() if value is not None}
    for step in pipeline.steps:
        sys.stdout.write(f"Created step {step.name}\n")
    document = PublishingClient(pipeline.workspace.client.http).publish(sent)
    return PublishedPipeline.of(pipeline.workspace, document)


def parameter_values(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """Values as the workspace takes them: DataPaths and datasets become documents."""
    return {
        name: _documents.parameter_value(value) if isinstance(value, DataPath) or is_dataset(value) else value
        for name, value in (values or {}).items()
    }


def check_parameters(pipeline: str, known: Iterable[str], values: Mapping[str, Any] | None) -> None:
    """Refuse values for parameters that a pipeline does not have; `pipeline` is what a sentence calls it.

    Raises:
        UserErrorException: There are some; names them and the known ones.
    """
    if not isinstance(values, Mapping | None):
        raise UserErrorException(f"pipeline_parameters must be a dictionary of values by name, not {values!r}.")
    names = sorted(known)
    unknown = [name for name in values or {} if name not in names]
    if unknown:
        raise UserErrorException(
            f"{pipeline} has no parameter {', '.join(map(repr, unknown))}.{suggest(unknown[0], names)} "
            f"It has: {', '.join(names) or 'none'}."
        )


def _request(
    build: LocalBuild, experiment: str | None, parameters: Mapping[str, Any] | None, more: Mapping[str, Any]
) -> _wire.RunRequest:
    check_parameters("The pipeline", build.parameters, parameters)
    request: dict[str, Any] = {"definition": build.definition, "parameters": parameter_values(parameters)}
    if experiment is not None:
        request["experiment_name"] = experiment
    request |= {key: value for key, value in more.items() if value not in (None, {}, "")}
    return cast("_wire.RunRequest", request)

"""What published pipelines, endpoints and drafts share when they start runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import definition_name, texts
from pipeyard._git import git_properties
from pipeyard.core.experiment import Experiment, checked_name
from pipeyard.pipeline.core._submission import parameter_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeyard import _wire
    from pipeyard.core.workspace import Workspace
    from pipeyard.pipeline.core.run import PipelineRun


def submit_body(
    experiment_name: str,
    parameters: Mapping[str, Any] | None,
    parent_run_id: str | None,
    tags: Mapping[str, str] | None,
) -> dict[str, Any]:
    """The request that starts something kept.

    Raises:
        UserErrorException: The name cannot name an experiment.
    """
    body = {
        "experiment_name": checked_name(experiment_name),
        "parameters": parameter_values(parameters),
        "labels": texts(tags),
        "properties": git_properties(Path.cwd()),
        "parent_step_run_id": parent_run_id,
    }
    return {key: value for key, value in body.items() if value not in (None, {})}


def start(workspace: Workspace, run: _wire.RunDocument) -> PipelineRun:
    """The run that was started, announced as v1 did."""
    from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the modules are a circle)

    sys.stdout.write(f"Submitted PipelineRun {run['run_id']}\n")
    sys.stdout.write(f"Link to the run: {workspace.url}/api/runs/{run['run_id']}\n")
    return PipelineRun(Experiment(workspace, run["experiment"]), run["run_id"])


def save_definition(definition: _wire.Definition, path: str | Path | None, name: str) -> str:
    """Write a definition to a file, which the command line can submit; returns the file's path."""
    file = Path(path or ".")
    file = file / f"{definition_name(name)}.json" if file.is_dir() else file
    file.write_text(json.dumps(definition, indent=2, ensure_ascii=False), encoding="utf-8")
    return str(file)

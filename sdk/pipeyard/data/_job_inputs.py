"""Datasets among the inputs and outputs of the step around this process: what `run.input_datasets` is made of.

The runner has placed the files of every dataset on this machine. A script that gets the dataset itself (mode `direct`)
reads those files, so that it sees exactly what the run pinned. It needs no workspace to do so, unless columns come from
the files' full names.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._named import Named
from pipeyard.exceptions import RunEnvironmentException

if TYPE_CHECKING:
    from pipeyard.core.workspace import Workspace
    from pipeyard.data.abstract_dataset import AbstractDataset

INPUTS_VARIABLE = "AZUREML_DATASET_ENVIRONMENT_VARS"
OUTPUTS_VARIABLE = "AZUREML_DATASET_FILE_OUTPUTS"
DATASET_PREFIX = "PIPEYARD_DATASET_"
PATH_PREFIX = "AZUREML_DATAREFERENCE_"
DIRECT = "direct"


def input_datasets(workspace: "Workspace | None" = None, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Each input that is a dataset, by name: the dataset itself in the mode `direct`, else the path of its files.

    Empty outside of a step.

    Args:
        workspace: For what a dataset asks the workspace, such as its id; None: found when it is needed.
        environment: The process's.

    Raises:
        RunEnvironmentException: A variable that belongs to an input is missing or broken.
    """
    found: dict[str, Any] = {}
    for entry in filter(None, environment.get(INPUTS_VARIABLE, "").split(",")):
        name, _, mode = entry.partition(":")
        if mode == DIRECT:
            found[name] = _dataset(name, workspace, environment)
        else:
            found[name] = _variable(environment, name, name)
    return Named("dataset among the step's inputs:", found)


def output_datasets(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The path where the script must write, by name of each output that becomes a dataset. Empty outside of a step."""
    names = filter(None, environment.get(OUTPUTS_VARIABLE, "").split(";"))
    return Named("dataset among the step's outputs:", {name: _variable(environment, name, name) for name in names})


def _dataset(name: str, workspace: "Workspace | None", environment: Mapping[str, str]) -> "AbstractDataset":
    from pipeyard._core.dataset_views import DatasetView  # noqa: PLC0415  (pydantic is loaded when it is used)
    from pipeyard.data._evaluation.files import JobSource, LocalSource  # noqa: PLC0415  (as above)
    from pipeyard.data.file_dataset import FileDataset  # noqa: PLC0415  (as above)
    from pipeyard.data.tabular_dataset import TabularDataset  # noqa: PLC0415  (as above)

    document = _document(environment, name)
    view = DatasetView.model_validate(document.get("view") or {})
    kind = FileDataset if view.format is None else TabularDataset
    root = Path(_variable(environment, PATH_PREFIX + name, name))
    dataset_id = document.get("dataset_id")
    files = LocalSource(root)
    if dataset_id is not None and (view.include_path or view.partition_format is not None):
        files = JobSource(root, lambda: _names(workspace, dataset_id))
    return kind(view, workspace=workspace, files=files, record=_record(document, kind.is_tabular))


def _names(workspace: "Workspace | None", dataset_id: str) -> dict[str, str]:
    """Full names of a dataset's files by path: a job's disk has the part below the source's folder only."""
    from pipeyard._clients.datasets import DatasetsClient  # noqa: PLC0415  (httpx is loaded when it is used)
    from pipeyard.core.workspace import Workspace  # noqa: PLC0415  (the modules name each other)

    opened = workspace or Workspace.from_config()
    try:
        files = DatasetsClient(opened.client.http).files(dataset_id)["value"]
    finally:
        if workspace is None:
            opened.client.close()
    return {file["path"]: file["name"] for file in files}


def _document(environment: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        document = json.loads(_variable(environment, DATASET_PREFIX + name, name))
    except ValueError as error:
        raise RunEnvironmentException(f"The variable {DATASET_PREFIX}{name} is no JSON: {error}.") from error
    return dict(document)


def _record(document: Mapping[str, Any], tabular: bool) -> Any:  # noqa: FBT001  (one caller)
    """What is known of the dataset here; None where it is another step's output, which has no id."""
    if document.get("dataset_id") is None:
        return None
    return {
        "dataset_id": document["dataset_id"],
        "name": document.get("name"),
        "version": document.get("version"),
        "type": "tabular" if tabular else "file",
        "definition": {},
        "description": "",
        "tags": {},
        "created_at": "",
    }


def _variable(environment: Mapping[str, str], variable: str, name: str) -> str:
    value = environment.get(variable)
    if value is None:
        raise RunEnvironmentException(
            f"The step has an input or output {name!r} that is a dataset, but the variable {variable} is not set. "
            "The runner sets it for submitted steps; a script that is run by hand must not copy half of them."
        )
    return value

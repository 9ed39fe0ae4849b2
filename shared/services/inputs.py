"""The inputs of a step: the files behind each, what they count as in the reuse key, and how a job gets them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from shared.core.bindings import (
    DataPathInput,
    DataPathValue,
    DataReferenceInput,
    DatasetInput,
    DatasetMode,
    DatasetValue,
    PipelineDataInput,
)
from shared.core.dataset_views import DatasetView
from shared.core.datasets import Dataset, DatasetSource
from shared.core.definition import StepDefinition
from shared.core.file_selection import FileFacts, select_files
from shared.core.jobs import BlobPlace, JobFile, JobInput, OutputFile
from shared.core.records import OutputRecord
from shared.core.reuse import content_digest, file_digest
from shared.ports.datastores import DatastoreFiles
from shared.services.data_files import DataFiles, DatasetFiles, blob_digest
from shared.services.dataset_files import list_dataset
from shared.services.datasets import find_dataset
from shared.services.datastores import find_files, open_datastore
from shared.services.documents import load_output_files
from shared.services.workspace import SIGNATURE_VALIDITY, RunContext, Workspace

type Outputs = Mapping[str, OutputRecord]

NO_FILES_DIGEST = content_digest([])
"""Digest of an input whose producer did not finish: only always-run steps get to see one."""
_PATH = "$AZUREML_DATAREFERENCE_{}"
"""The runner puts the local path of the input or output in its place."""


def input_digests(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> dict[str, str]:
    """Content digest of each input that has files.

    Raises:
        NotFound: An input points at nothing.
    """
    digests: dict[str, str] = {}
    for name, source in step.inputs.items():
        match source:
            case DataReferenceInput() | DataPathInput():
                digests[name] = _pinned_files(workspace, context, *_place(context, source)).digest
            case DatasetInput():
                digests[name] = _pinned_dataset(workspace, context, source)[1].digest
            case PipelineDataInput():
                output = produced.get(context.ordinals[source.step], {}).get(source.output)
                digests[name] = _output_digest(output) if output else NO_FILES_DIGEST
    return digests


def input_views(workspace: Workspace, context: RunContext, step: StepDefinition) -> dict[str, DatasetView]:
    """How the files of each dataset are read, by input.

    Raises:
        NotFound: A dataset is not there (any more).
    """
    return {
        name: _pinned_dataset(workspace, context, source)[0].definition.view
        for name, source in step.inputs.items()
        if isinstance(source, DatasetInput)
    }


def job_inputs(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> tuple[JobInput, ...]:
    """Where a job gets the files of its inputs."""
    inputs: list[JobInput] = []
    for name, source in step.inputs.items():
        match source:
            case DataReferenceInput() | DataPathInput():
                data = _reference_input(workspace, context, name, *_place(context, source))
                inputs.append(data.model_copy(update={"mode": source.mode}))
            case DatasetInput():
                dataset, files = _pinned_dataset(workspace, context, source)
                placed = files if source.mode == "direct" else _selected(dataset, files)
                data = _dataset_input(workspace, name, placed, _whole_source(dataset, placed))
                inputs.append(data.model_copy(update={"mode": "mount" if source.mode == "mount" else "download"}))
            case PipelineDataInput():
                output = produced.get(context.ordinals[source.step], {}).get(source.output)
                data = _output_input(workspace, name, output) if output else JobInput(name=name, files=())
                inputs.append(data.model_copy(update={"mode": source.mode}))
    return tuple(inputs)


def direct_datasets(context: RunContext, step: StepDefinition) -> dict[str, str]:
    """Ids of the datasets that a script gets as such instead of as files, by input."""
    return {
        name: _dataset_id(context, source)
        for name, source in step.inputs.items()
        if isinstance(source, DatasetInput) and source.mode == "direct"
    }


def dataset_variables(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> dict[str, str]:
    """Environment variables that tell a script of its datasets: v1's, and one with everything about each."""
    variables: dict[str, str] = {}
    modes: list[str] = []
    for name, source in step.inputs.items():
        if isinstance(source, DatasetInput):
            dataset, files = _pinned_dataset(workspace, context, source)
            view, single_file, mode = dataset.definition.view, files.is_file, source.mode
            variables |= {name: dataset.dataset_id if mode == "direct" else _PATH.format(name)}
        elif isinstance(source, PipelineDataInput) and source.view is not None:
            output = produced.get(context.ordinals[source.step], {}).get(source.output)
            dataset, view, single_file = None, source.view, output is not None and output.is_file
            mode = "mount" if view.format is None else "direct"
            variables |= {name: _PATH.format(name)}
        else:
            continue
        modes.append(f"{name}:{mode}")
        variables[f"PIPEYARD_DATASET_{name}"] = _described(dataset, view, mode, single_file=single_file)
    outputs = [name for name, output in step.outputs.items() if output.register_dataset is not None]
    variables |= {name: _PATH.format(name) for name in outputs}
    if modes:
        variables["AZUREML_DATASET_ENVIRONMENT_VARS"] = ",".join(modes)
    if outputs:
        variables["AZUREML_DATASET_FILE_OUTPUTS"] = ";".join(outputs)
    return variables


def output_files(workspace: Workspace, output: OutputRecord) -> tuple[OutputFile, ...]:
    """The files of an output, wherever their list is kept."""
    if output.files is not None:
        return output.files
    return load_output_files(workspace.services.blobs, output.manifest or "")


def blob_url(base: str, name: str, query: str) -> str:
    """An address of one file below a container's base URL, signed unless it is a file of this machine."""
    return f"{base}/{quote(name)}?{query}" if query else f"{base}/{quote(name)}"


def blob_place(datastore: DatastoreFiles, base: str, path: str) -> BlobPlace | None:
    """A place on a datastore for compute that goes there by itself; None where that is no blob container."""
    return BlobPlace(container_url=base, path=path) if datastore.upload_kind == "blob" else None


def _output_digest(output: OutputRecord) -> str:
    """Digest of another step's output, as the script meets it."""
    return file_digest(output.path.rpartition("/")[2], output.digest) if output.is_file else output.digest


def _described(dataset: Dataset | None, view: DatasetView, mode: DatasetMode, *, single_file: bool) -> str:
    identity = (dataset.dataset_id, dataset.name, dataset.version) if dataset is not None else (None, None, None)
    description = dict(zip(("dataset_id", "name", "version"), identity, strict=True))
    facts = {"mode": mode, "view": view.model_dump(mode="json"), "single_file": single_file}
    return json.dumps({**description, **facts}, ensure_ascii=False)


def _place(context: RunContext, source: DataReferenceInput | DataPathInput) -> tuple[str, str]:
    """Datastore and path."""
    if isinstance(source, DataReferenceInput):
        return source.datastore, source.path
    value = context.run.parameters[source.parameter]
    assert isinstance(value, DataPathValue)  # noqa: S101 - the parameter's type was checked
    return value.datastore, value.path


def _dataset_id(context: RunContext, source: DatasetInput) -> str:
    if source.dataset_id is not None:
        return source.dataset_id
    value = context.run.parameters[source.parameter or ""]
    assert isinstance(value, DatasetValue)  # noqa: S101 - the parameter's type was checked
    return value.dataset_id


def _pinned_files(workspace: Workspace, context: RunContext, datastore: str, path: str) -> DataFiles:
    """The files at a place as the run's first look found them."""
    place = (datastore, path)
    if place not in context.data:
        context.data[place] = find_files(workspace, *place)
    return context.data[place]


def _pinned_dataset(workspace: Workspace, context: RunContext, source: DatasetInput) -> tuple[Dataset, DatasetFiles]:
    """A dataset and its files as the run's first look found them."""
    dataset_id = _dataset_id(context, source)
    if dataset_id not in context.datasets:
        dataset = find_dataset(workspace, dataset_id)
        context.datasets[dataset_id] = (dataset, list_dataset(workspace, dataset.definition))
    return context.datasets[dataset_id]


def _reference_input(workspace: Workspace, context: RunContext, name: str, place: str, path: str) -> JobInput:
    data = _pinned_files(workspace, context, place, path)
    datastore = open_datastore(workspace, place)
    base, query = datastore.read_grant(SIGNATURE_VALIDITY)
    files = tuple(
        JobFile(
            path=below,
            url=blob_url(base, blob.name, query),
            digest=blob_digest(datastore.place, blob),
            size=blob.size,
        )
        for below, blob in data.files
    )
    file_name = path.rpartition("/")[2] if data.is_file else None
    return JobInput(name=name, files=files, file_name=file_name, place=blob_place(datastore, base, path))


def _selected(dataset: Dataset, data: DatasetFiles) -> DatasetFiles:
    """What a script finds at the path: `take`, `skip` and filters of a file dataset choose among its files."""
    view = dataset.definition.view
    if view.format is not None:
        return data
    left = select_files(view.transformations, data.files, lambda file: FileFacts(path=file.path, size=file.blob.size))
    return replace(data, files=tuple(left), is_file=data.is_file and bool(left))


def _whole_source(dataset: Dataset, data: DatasetFiles) -> DatasetSource | None:
    """The one source of a dataset whose files lie as a job is to find them; None where it has to be put together."""
    sources = dataset.definition.sources
    if len(sources) != 1 or not data.files:
        return None
    folder = sources[0].path.strip("/")
    if data.is_file:
        return sources[0]
    together = all(file.blob.name == "/".join(part for part in (folder, file.path) if part) for file in data.files)
    chosen = bool(dataset.definition.view.transformations)
    return sources[0] if together and not chosen else None


def _dataset_input(workspace: Workspace, name: str, data: DatasetFiles, source: DatasetSource | None) -> JobInput:
    used = {file.datastore for file in data.files}
    grants = {each: open_datastore(workspace, each).read_grant(SIGNATURE_VALIDITY) for each in used}
    files = tuple(
        JobFile(
            path="" if data.is_file else file.path,
            url=blob_url(grants[file.datastore][0], file.blob.name, grants[file.datastore][1]),
            digest=file.digest,
            size=file.blob.size,
        )
        for file in data.files
    )
    place = None
    if source is not None:
        datastore = open_datastore(workspace, source.datastore)
        place = blob_place(datastore, grants[source.datastore][0], source.path.strip("/"))
    return JobInput(name=name, files=files, file_name=data.files[0].path if data.is_file else None, place=place)


def _output_input(workspace: Workspace, name: str, output: OutputRecord) -> JobInput:
    datastore = open_datastore(workspace, output.datastore)
    base, query = datastore.read_grant(SIGNATURE_VALIDITY)
    files = tuple(
        JobFile(
            path=file.path,
            url=blob_url(base, f"{output.path}/{file.path}" if file.path else output.path, query),
            digest=file.digest,
            size=file.size,
            etag=file.etag,
        )
        for file in output_files(workspace, output)
    )
    file_name = output.path.rpartition("/")[2] if output.is_file else None
    return JobInput(name=name, files=files, file_name=file_name, place=blob_place(datastore, base, output.path))

"""What a step's inputs are, which reuse key follows from them, and whether a finished result may stand in.

The same code serves the run itself, its bulk preparation, and the dry run, so that a plan cannot disagree with what
happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.core import explain, names
from shared.core.bindings import DataReferenceInput, PipelineDataInput
from shared.core.definition import StepDefinition
from shared.core.errors import NotFound
from shared.core.jobs import JobFile, JobInput, OutputFile
from shared.core.records import Explanation, OutputRecord, ReuseEntry
from shared.core.reuse import build_key_document, content_digest, reuse_key
from shared.core.status import StepStatus
from shared.services.datastores import DataFiles, blob_digest, container_of, find_files
from shared.services.documents import load_output_files
from shared.services.workspace import RunContext, Workspace

type Outputs = Mapping[str, OutputRecord]

NO_FILES_DIGEST = content_digest([])
"""Digest of an input whose producer did not finish: only always-run steps get to see one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """The key of a step and what it was made from."""

    key: str
    document: dict[str, Any]


def input_digests(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> dict[str, str]:
    """Content digest of each input that has files.

    Raises:
        NotFound: A data reference points at nothing.
    """
    digests: dict[str, str] = {}
    for name, source in step.inputs.items():
        if isinstance(source, DataReferenceInput):
            digests[name] = _pinned_files(workspace, context, source).digest
        elif isinstance(source, PipelineDataInput):
            output = produced.get(context.ordinals[source.step], {}).get(source.output)
            digests[name] = output.digest if output else NO_FILES_DIGEST
    return digests


def _pinned_files(workspace: Workspace, context: RunContext, source: DataReferenceInput) -> DataFiles:
    """The files behind a data reference as the run's first look found them."""
    place = (source.datastore, source.path)
    if place not in context.data:
        context.data[place] = find_files(workspace.services.blobs, *place)
    return context.data[place]


def ingredients(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> Ingredients:
    """The step's reuse key, given the outputs of the steps above it.

    Raises:
        NotFound: A data reference points at nothing.
    """
    document = build_key_document(
        step,
        type_version=workspace.step_types[step.type].version,
        parameters=context.run.parameters,
        input_digests=input_digests(workspace, context, step, produced),
    )
    return Ingredients(key=reuse_key(document), document=document)


def reuse_forbidden(context: RunContext, step: StepDefinition) -> Explanation | None:
    """Why a finished result is not even looked for, None where it is."""
    if context.run.regenerate_outputs:
        return explain.explain_regenerate()
    if not step.allow_reuse:
        return explain.explain_reuse_off()
    return None


def explain_miss(workspace: Workspace, context: RunContext, step: StepDefinition, found: Ingredients) -> Explanation:
    """Why there is no finished result for the key: what changed since the step's latest one."""
    latest = context.latest.get(step.name)
    if latest is None:
        return explain.explain_first_run(step.name, context.run.experiment)
    source = names.step_run_id(latest.run_id, latest.ordinal)
    differences = explain.compare(
        latest.document,
        found.document,
        workspace.file_digests(latest.document.get("snapshot")),
        workspace.file_digests(step.snapshot),
    )
    if not differences:
        return explain.explain_unchanged_but_absent(source)
    return explain.explain_changed(differences, source)


def explain_hit(entry: ReuseEntry) -> Explanation:
    """The sentence for a reused step."""
    source = names.step_run_id(entry.run_id, entry.ordinal)
    return explain.explain_reused(source, entry.finished_at, entry.wall_seconds)


def reused_fields(context: RunContext, ordinal: int, found: Ingredients, entry: ReuseEntry, now: str) -> dict[str, Any]:
    """What the row of a step says for which an earlier result stands in."""
    step = context.step(ordinal)
    return {
        "status": StepStatus.FINISHED,
        "reused": True,
        "explanation": explain_hit(entry),
        "key": found.key,
        "key_document": found.document,
        "source": names.step_run_id(entry.run_id, entry.ordinal),
        "compute_target": step.compute_target or context.definition.default_compute_target,
        "started_at": now,
        "ended_at": now,
        "outputs": dict(entry.outputs),
    }


def producers(context: RunContext, ordinal: int) -> list[int]:
    """The steps from which a step takes data."""
    sources = context.step(ordinal).inputs.values()
    return sorted({context.ordinals[source.step] for source in sources if isinstance(source, PipelineDataInput)})


def missing_outputs(workspace: Workspace, entry: ReuseEntry, listings: dict[str, dict[str, tuple[int, str]]]) -> str:
    """What is wrong with the stored outputs of a finished result, "" where every blob is there unaltered.

    Args:
        workspace: The workspace.
        entry: The result.
        listings: Listings made so far, by place; shared between calls to list a place once.
    """
    for name, output in entry.outputs.items():
        container = container_of(output.datastore)
        stored = _listing(workspace, container, output.path, listings)
        try:
            files = output_files(workspace, output)
        except NotFound:
            return f"the list of files of output `{name}` is gone"
        for file in files:
            blob = f"{output.path}/{file.path}" if file.path else output.path
            if blob not in stored:
                return f"`{blob}` of output `{name}` is gone"
            if stored[blob] != (file.size, file.etag):
                return f"`{blob}` of output `{name}` was altered"
    return ""


def _listing(
    workspace: Workspace, container: str, path: str, listings: dict[str, dict[str, tuple[int, str]]]
) -> dict[str, tuple[int, str]]:
    covering = [place for place in listings if f"{container}/{path}".startswith(place)]
    if covering:
        return listings[covering[0]]
    found = workspace.services.blobs.list(container, path)
    listings[f"{container}/{path}"] = {blob.name: (blob.size, blob.etag) for blob in found}
    return listings[f"{container}/{path}"]


def list_runs_outputs(
    workspace: Workspace, entries: list[ReuseEntry], listings: dict[str, dict[str, tuple[int, str]]]
) -> None:
    """List, in one go each, the output folders of runs that many entries point at."""
    counts: dict[tuple[str, str], int] = {}
    for entry in entries:
        for output in entry.outputs.values():
            place = (container_of(output.datastore), f"azureml/{entry.run_id}")
            if output.path.startswith(place[1]):
                counts[place] = counts.get(place, 0) + 1
    for (container, prefix), count in counts.items():
        # Three listings of one step's outputs each cost about what one listing of a small run's does.
        if count > 3:  # noqa: PLR2004
            _listing(workspace, container, prefix, listings)


def output_files(workspace: Workspace, output: OutputRecord) -> tuple[OutputFile, ...]:
    """The files of an output, wherever their list is kept."""
    if output.files is not None:
        return output.files
    return load_output_files(workspace.services.blobs, output.manifest or "")


def job_inputs(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> tuple[JobInput, ...]:
    """Where a job gets the files of its inputs."""
    inputs: list[JobInput] = []
    for name, source in step.inputs.items():
        if isinstance(source, DataReferenceInput):
            inputs.append(_reference_input(workspace, context, name, source))
        elif isinstance(source, PipelineDataInput):
            output = produced.get(context.ordinals[source.step], {}).get(source.output)
            inputs.append(_output_input(workspace, name, output) if output else JobInput(name=name, files=()))
    return tuple(inputs)


def _reference_input(workspace: Workspace, context: RunContext, name: str, source: DataReferenceInput) -> JobInput:
    data = _pinned_files(workspace, context, source)
    container = container_of(source.datastore)
    base, query = workspace.read_grant(container)
    files = tuple(
        JobFile(path=path, url=blob_url(base, blob.name, query), digest=blob_digest(container, blob), size=blob.size)
        for path, blob in data.files
    )
    return JobInput(name=name, files=files, file_name=source.path.rpartition("/")[2] if data.is_file else None)


def _output_input(workspace: Workspace, name: str, output: OutputRecord) -> JobInput:
    base, query = workspace.read_grant(container_of(output.datastore))
    files = tuple(
        JobFile(
            path=file.path,
            url=blob_url(base, f"{output.path}/{file.path}" if file.path else output.path, query),
            digest=f"sha256:{file.sha256}",
            size=file.size,
        )
        for file in output_files(workspace, output)
    )
    return JobInput(name=name, files=files, file_name=output.path.rpartition("/")[2] if output.is_file else None)


def blob_url(base: str, name: str, query: str) -> str:
    """A signed address of one blob below a container's base URL."""
    return f"{base}/{quote(name)}?{query}"

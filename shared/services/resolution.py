"""What a step's inputs are, which reuse key follows from them, and whether a finished result may stand in.

The same code serves the run itself, its bulk preparation, and the dry run, so that a plan cannot disagree with what
happens.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from shared.core import explain, names
from shared.core.bindings import PipelineDataInput
from shared.core.definition import StepDefinition
from shared.core.errors import NotFound
from shared.core.records import Explanation, ReuseEntry
from shared.core.reuse import build_key_document, reuse_key
from shared.core.status import StepStatus
from shared.services.datastores import open_datastore
from shared.services.inputs import Outputs, input_digests, input_views, output_files
from shared.services.outside_files import outside_contents
from shared.services.workspace import RunContext, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """The key of a step and what it was made from.

    Attributes:
        unknown: What of it nobody can tell, with the reason: the key is then one that no other run has.
    """

    key: str
    document: dict[str, Any]
    unknown: str = ""


def ingredients(
    workspace: Workspace, context: RunContext, step: StepDefinition, produced: Mapping[int, Outputs]
) -> Ingredients:
    """The step's reuse key, given the outputs of the steps above it.

    Raises:
        NotFound: A data reference points at nothing.
        BackendError: The compute service, which keeps files that the step's job reads, does not answer for now.
    """
    outside, unknown = outside_contents(workspace, context, step)
    document = build_key_document(
        step,
        type_version=workspace.step_types[step.type].version,
        parameters=context.run.parameters,
        input_digests=input_digests(workspace, context, step, produced),
        input_views=input_views(workspace, context, step),
        outside=outside,
    )
    return Ingredients(key=reuse_key(document), document=document, unknown=unknown)


def reuse_forbidden(context: RunContext, step: StepDefinition, found: Ingredients | None = None) -> Explanation | None:
    """Why a finished result is not even looked for, None where it is; `found` is None as long as nobody knows it."""
    if context.run.regenerate_outputs:
        return explain.explain_regenerate()
    if not step.allow_reuse:
        return explain.explain_reuse_off()
    if found is not None and found.unknown:
        return explain.explain_outside_unknown(found.unknown)
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
    return _altered(workspace, entry.outputs, listings)


def changed_input(
    workspace: Workspace,
    context: RunContext,
    step: StepDefinition,
    produced: Mapping[int, Outputs],
    document: Mapping[str, Any],
) -> str:
    """What of a step's inputs is not any more what its key was made from, "" where all of it is.

    Args:
        workspace: The workspace.
        context: The run.
        step: The step.
        produced: Outputs of the steps above.
        document: The ingredients of the key.
    """
    try:
        now = input_digests(workspace, replace(context, data={}, datasets={}), step, produced)
    except NotFound as error:
        return f"An input went away ({str(error).removesuffix('.')})"
    before = document.get("inputs", {})
    changed = [name for name, digest in now.items() if before.get(name, {}).get("digest") != digest]
    if changed:
        return f"Input `{changed[0]}` changed"
    sources = (source for source in step.inputs.values() if isinstance(source, PipelineDataInput))
    used = (produced.get(context.ordinals[source.step], {}).get(source.output) for source in sources)
    outputs = {f"{output.datastore}/{output.path}": output for output in used if output is not None}
    listings: dict[str, dict[str, tuple[int, str]]] = {}
    problem = _altered(workspace, outputs, listings) or _added(workspace, outputs, listings)
    return f"An input changed ({problem})" if problem else ""


def _altered(workspace: Workspace, outputs: Outputs, listings: dict[str, dict[str, tuple[int, str]]]) -> str:
    """What is wrong with stored outputs, "" where every blob is there unaltered."""
    for name, output in outputs.items():
        try:
            stored = _listing(workspace, output.datastore, output.path, listings)
        except NotFound:
            return f"datastore `{output.datastore}` of output `{name}` is gone"
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


def _added(workspace: Workspace, outputs: Outputs, listings: dict[str, dict[str, tuple[int, str]]]) -> str:
    """What lies at the places of stored outputs without belonging to them, "" where nothing does.

    Whoever reads such a place as a whole reads that, too. Steps may share a place whose path their author chose.
    """
    for output in outputs.values():
        own = {f"{output.path}/{file.path}" for file in output_files(workspace, output)}
        stored = _listing(workspace, output.datastore, output.path, listings)
        other = next((name for name in stored if name.startswith(f"{output.path}/") and name not in own), None)
        if other is not None:
            return f"`{other}` was added"
    return ""


def _listing(
    workspace: Workspace, datastore: str, path: str, listings: dict[str, dict[str, tuple[int, str]]]
) -> dict[str, tuple[int, str]]:
    covering = [place for place in listings if f"{datastore}/{path}".startswith(place)]
    if covering:
        return listings[covering[0]]
    found = open_datastore(workspace, datastore).list(path)
    listings[f"{datastore}/{path}"] = {blob.name: (blob.size, blob.etag) for blob in found}
    return listings[f"{datastore}/{path}"]


def list_runs_outputs(
    workspace: Workspace, entries: list[ReuseEntry], listings: dict[str, dict[str, tuple[int, str]]]
) -> None:
    """List, in one go each, the output folders of runs that many entries point at."""
    counts: dict[tuple[str, str], int] = {}
    for entry in entries:
        for output in entry.outputs.values():
            place = (output.datastore, f"azureml/{entry.run_id}")
            if output.path.startswith(place[1]):
                counts[place] = counts.get(place, 0) + 1
    for (datastore, prefix), count in counts.items():
        # Three listings of one step's outputs each cost about what one listing of a small run's does.
        if count > 3:  # noqa: PLR2004
            with suppress(NotFound):  # the datastore itself is gone: said where a step's outputs are looked at
                _listing(workspace, datastore, prefix, listings)

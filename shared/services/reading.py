"""Reading runs: steps with their logs, metrics, outputs and files."""

import difflib
import json
from datetime import timedelta
from typing import Any

from shared.core import names
from shared.core.bindings import PipelineOutput
from shared.core.errors import NotFound
from shared.core.records import OutputRecord, StepRecord
from shared.core.status import STEP_TERMINAL
from shared.services.datastores import open_datastore
from shared.services.inputs import output_files
from shared.services.workspace import Workspace

LINK_VALIDITY = timedelta(minutes=15)
LOG_CHUNK_BYTES = 1024 * 1024


def step_rows(workspace: Workspace, run_id: str) -> list[StepRecord]:
    """One row for every step of a run, by ordinal, those that have not begun included.

    Raises:
        NotFound: No such run.
    """
    context = workspace.context(run_id)
    rows = {row.ordinal: row for row in workspace.services.runs.get_steps(run_id)}
    return [
        rows.get(ordinal) or StepRecord(run_id=run_id, ordinal=ordinal, name=step.name)
        for ordinal, step in enumerate(context.definition.steps)
    ]


def step_row(workspace: Workspace, run_id: str, step: str) -> StepRecord:
    """The row of one step, by name.

    Raises:
        NotFound: No such run, or the run has no such step.
    """
    context = workspace.context(run_id)
    ordinal = context.ordinals.get(step)
    if ordinal is None:
        near = difflib.get_close_matches(step, context.ordinals, n=3)
        hint = f" Did you mean {', '.join(f'`{name}`' for name in near)}?" if near else ""
        raise NotFound(f"Run {run_id} has no step `{step}`.{hint}")
    row = workspace.services.runs.get_step(run_id, ordinal)
    return row or StepRecord(run_id=run_id, ordinal=ordinal, name=step)


def source_row(workspace: Workspace, run_id: str, step: str) -> StepRecord:
    """The row of the step run that really executed: a reused step stands on an earlier one, if that still exists."""
    row = step_row(workspace, run_id, step)
    if not row.reused or row.source is None:
        return row
    return workspace.services.runs.get_step(*names.split_step_run_id(row.source)) or row


def read_log(workspace: Workspace, run_id: str, step: str, offset: int, attempt: int | None) -> tuple[str, int, bool]:
    """Up to 1 MiB of a log.

    Returns:
        The text, the byte offset at which to go on, and whether there will be no more.

    Raises:
        NotFound: No such run or step, or the step has not been tried so often.
    """
    row = source_row(workspace, run_id, step)
    if attempt is not None and attempt > max(row.attempt, 1):
        tries = "one try" if row.attempt == 1 else f"{row.attempt or 'no'} tries"
        raise NotFound(f"Step `{step}` of run {run_id} has no try {attempt}: it has had {tries} until now.")
    attempt = attempt or row.attempt
    if attempt == 0:
        return "", offset, row.status in STEP_TERMINAL
    ended = row.status in STEP_TERMINAL or attempt < row.attempt
    name = f"{names.artifact_prefix(row.run_id, row.ordinal)}/{names.log_name(attempt)}"
    data, size = workspace.services.blobs.get_range(names.ARTIFACT_CONTAINER, name, offset, LOG_CHUNK_BYTES)
    whole = data if ended and offset + len(data) >= size else _whole_characters(data)
    next_offset = offset + len(whole)
    return whole.decode("utf-8", errors="replace"), next_offset, ended and next_offset >= size


def _whole_characters(data: bytes) -> bytes:
    """The bytes without a character that is cut off at the end: it comes whole with the next piece."""
    for cut in range(1, min(4, len(data)) + 1):
        byte = data[-cut]
        if 0x80 <= byte < 0xC0:  # noqa: PLR2004 - UTF-8's continuation bytes
            continue  # Inside a character: its first byte is further left.
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1  # noqa: PLR2004 - UTF-8
        return data if length <= cut else data[:-cut]
    return data


def read_metrics(workspace: Workspace, run_id: str, step: str) -> list[dict[str, Any]]:
    """Metrics of the last try, in logging order."""
    row = source_row(workspace, run_id, step)
    if row.attempt == 0:
        return []
    name = f"{names.artifact_prefix(row.run_id, row.ordinal)}/{names.metrics_name(row.attempt)}"
    try:
        lines = workspace.services.blobs.get(names.ARTIFACT_CONTAINER, name).splitlines(keepends=True)
    except NotFound:
        return []
    metrics: list[dict[str, Any]] = []
    for line in lines:
        try:
            metric = json.loads(line)
        except ValueError:
            continue  # The last line of a running step may be half written.
        if isinstance(metric, dict):
            metrics.append(metric)
    return metrics


def output_file_url(workspace: Workspace, run_id: str, step: str, output_name: str, path: str) -> str:
    """A short-lived address of a file of an output.

    Raises:
        NotFound: No such run, step, output or file. `path` is only compared with the files that there are.
    """
    outputs = step_row(workspace, run_id, step).outputs
    output = outputs.get(output_name)
    if output is None:
        known = ", ".join(f"`{name}`" for name in outputs) or "none yet"
        raise NotFound(f"Step `{step}` has no output `{output_name}`; it has {known}.")
    if all(file.path != path for file in output_files(workspace, output)):
        raise NotFound(f"Output `{output_name}` of step `{step}` has no file `{path}`.")
    blob = f"{output.path}/{path}" if path else output.path
    datastore = open_datastore(workspace, output.datastore)
    return datastore.read_url(blob, LINK_VALIDITY, file_name=blob.rpartition("/")[2])


def pipeline_output(workspace: Workspace, run_id: str, name: str) -> tuple[PipelineOutput, OutputRecord]:
    """(the step's output that has this name, what is known of it).

    Raises:
        NotFound: The pipeline has no such output, or its step has not finished.
    """
    outputs = workspace.context(run_id).definition.outputs
    if name not in outputs:
        known = ", ".join(f"`{each}`" for each in outputs) or "none"
        raise NotFound(f"The pipeline of run {run_id} has no output `{name}`; it has {known}.")
    source = outputs[name]
    row = step_row(workspace, run_id, source.step)
    if source.output not in row.outputs:
        raise NotFound(f"Output `{name}` is not there yet: step `{source.step}` of run {run_id} is {row.status}.")
    return source, row.outputs[source.output]


def artifact_url(workspace: Workspace, run_id: str, step: str, path: str) -> str:
    """A short-lived address of a file that the script left under `outputs/` or `logs/`.

    Raises:
        NotFound: No such run, step or file. `path` is only compared with the files that there are.
    """
    row = source_row(workspace, run_id, step)
    if path not in row.files:
        raise NotFound(f"Step `{step}` left no file `{path}`.")
    blob = f"{names.artifact_prefix(row.run_id, row.ordinal)}/{path}"
    return workspace.services.blobs.read_url(
        names.ARTIFACT_CONTAINER, blob, LINK_VALIDITY, file_name=path.rpartition("/")[2]
    )

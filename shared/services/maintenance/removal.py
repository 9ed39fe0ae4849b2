"""Removing a run: its rows, logs, metrics and files at once; its outputs later, once nothing stands on them.

Before anything goes, what there is to remove is written down as a *retired run* (a blob). So an interrupted removal is
finished by whoever comes next, and the outputs are found again although the run is gone.
"""

from collections.abc import Iterator
from datetime import datetime

from shared.core import names
from shared.core.document import Document
from shared.core.errors import Conflict, NotFound
from shared.core.records import RunRecord
from shared.core.retention import KEEP_LABEL, Removed
from shared.core.status import RUN_TERMINAL
from shared.services.jobs import output_datastore
from shared.services.workspace import Workspace

RETIRED = "retired/"
_JSON = "application/json"


class RetiredRun(Document):
    """A run that is gone, or about to go.

    Attributes:
        places: By datastore, where its outputs lie: Pipeyard's own places only, never those that an author chose.
        rows_gone: Whether its rows have been removed.
    """

    run: RunRecord
    places: dict[str, tuple[str, ...]]
    rows_gone: bool = False


def delete_run(workspace: Workspace, run_id: str) -> None:
    """Delete a run that somebody does not want any more.

    Raises:
        NotFound: There is no such run.
        Conflict: It is under way, or the step is that started it, or it is to be kept.
    """
    try:
        run = workspace.services.runs.get_run(run_id)
    except NotFound:
        left = read_retired(workspace, run_id)
        if left is None or left.rows_gone:
            raise
        run = left.run  # whoever deleted it was interrupted
    if run.status not in RUN_TERMINAL:
        raise Conflict(f"Run {run_id} is {run.status}; only a run that has ended can be deleted. Cancel it first.")
    if is_needed_above(workspace, run):
        above = f"The step run {run.parent_step_run_id} started run {run_id}, and its run is under way."
        raise Conflict(f"{above} Delete this one when that has ended.")
    if KEEP_LABEL in run.labels:
        raise Conflict(f"Run {run_id} has the label `{KEEP_LABEL}`. Take it away first if the run may go.")
    remove_run(workspace, run)


def is_needed_above(workspace: Workspace, run: RunRecord) -> bool:
    """Whether a step started the run whose own run is under way: it may still look at what it started."""
    if run.parent_step_run_id is None:
        return False
    try:
        above = workspace.services.runs.get_run(names.split_step_run_id(run.parent_step_run_id)[0])
    except NotFound:
        return False
    return above.status not in RUN_TERMINAL


def is_kept_above(workspace: Workspace, run: RunRecord) -> bool:
    """Whether a run above this one, at whatever distance, is to be kept: a sweep is worth little without its trials."""
    while run.parent_step_run_id is not None:
        try:
            run = workspace.services.runs.get_run(names.split_step_run_id(run.parent_step_run_id)[0])
        except NotFound:
            return False
        if KEEP_LABEL in run.labels:
            return True
    return False


def remove_run(
    workspace: Workspace, run: RunRecord, places: dict[str, tuple[str, ...]] | None = None
) -> dict[str, Removed]:
    """Remove a run; can be repeated, with the places that were written down. Returns how much went."""
    retired = RetiredRun(run=run, places=own_places(workspace, run) if places is None else places)
    _write(workspace, retired)
    blobs, count, size = workspace.services.blobs, 0, 0
    for page in _artifact_pages(workspace, run.run_id):
        blobs.delete(names.ARTIFACT_CONTAINER, [name for name, _ in page])
        count, size = count + len(page), size + sum(each for _, each in page)
    rows = workspace.services.runs.delete_run(run)
    workspace.forget_run(run.run_id)
    if retired.places:
        _write(workspace, retired.model_copy(update={"rows_gone": True}))
    else:
        forget_retired(workspace, run.run_id)
    return {"runs": Removed(count=1), "rows": Removed(count=rows), "artifacts": Removed(count=count, bytes=size)}


def would_remove(workspace: Workspace, run: RunRecord) -> dict[str, Removed]:
    """What `remove_run` would take away."""
    pages = list(_artifact_pages(workspace, run.run_id))
    count, size = sum(map(len, pages)), sum(each for page in pages for _, each in page)
    rows = 1 + len(workspace.services.runs.get_steps(run.run_id))
    return {"runs": Removed(count=1), "rows": Removed(count=rows), "artifacts": Removed(count=count, bytes=size)}


def own_places(workspace: Workspace, run: RunRecord) -> dict[str, tuple[str, ...]]:
    """By datastore, where the outputs of a run lie that have no place of their author's choice."""
    places: dict[str, list[str]] = {}
    try:
        context = workspace.make_context(run)
    except NotFound:  # of the definition: what the rows say is all that there is
        for row in workspace.services.runs.get_steps(run.run_id):
            for name, output in row.outputs.items():
                if output.path == names.output_path(run.run_id, row.ordinal, name):
                    places.setdefault(output.datastore, []).append(output.path)
    else:
        for ordinal, step in enumerate(context.definition.steps):
            for name, wanted in step.outputs.items():
                if wanted.path is None:
                    datastore = output_datastore(context, step, name)
                    places.setdefault(datastore, []).append(names.output_path(run.run_id, ordinal, name))
    return {datastore: tuple(paths) for datastore, paths in places.items()}


def read_retired(workspace: Workspace, run_id: str) -> RetiredRun | None:
    """What is written down about a run that was removed; None where nothing is (any more)."""
    try:
        data = workspace.services.blobs.get(names.SYSTEM_CONTAINER, _blob(run_id))
    except NotFound:
        return None
    return RetiredRun.model_validate_json(data)


def forget_retired(workspace: Workspace, run_id: str) -> None:
    """Nothing is left of a run."""
    workspace.services.blobs.delete(names.SYSTEM_CONTAINER, [_blob(run_id)])


def finish_removal(workspace: Workspace, retired: RetiredRun) -> RetiredRun | None:
    """The retired run, its removal finished where that was interrupted; None where the run is to stay after all.

    That is where somebody has said so since then, and where a new run has the id.
    """
    try:
        run = workspace.services.runs.get_run(retired.run.run_id)
    except NotFound:
        run = None
    if run is not None:
        another = datetime.fromisoformat(run.created_at) != datetime.fromisoformat(retired.run.created_at)
        if another or KEEP_LABEL in run.labels:  # another one: the same idempotency key, used again
            return None
    if run is not None or not retired.rows_gone:
        remove_run(workspace, retired.run, retired.places)
    return retired


def _artifact_pages(workspace: Workspace, run_id: str) -> Iterator[list[tuple[str, int]]]:
    """(name, size) of the logs, metrics and files of all steps."""
    prefix = names.artifact_prefix(run_id, 0).removesuffix("00000")
    position: str | None = ""
    while position is not None:
        found, position = workspace.services.blobs.page(names.ARTIFACT_CONTAINER, prefix, position)
        yield [(blob.name, blob.size) for blob in found]


def _write(workspace: Workspace, retired: RetiredRun) -> None:
    data = retired.model_dump_json().encode()
    workspace.services.blobs.put(names.SYSTEM_CONTAINER, _blob(retired.run.run_id), data, content_type=_JSON)


def _blob(run_id: str) -> str:
    return f"{RETIRED}{run_id}.json"

"""Runs that a step's job started, such as a sweep's trials: they must not outlive the step."""

from contextlib import suppress

from shared.core import names
from shared.core.errors import Conflict
from shared.core.records import RunFilter, RunRecord
from shared.core.status import RUN_TERMINAL, STEP_TERMINAL, RunStatus
from shared.services.run_status import change_status
from shared.services.workspace import Workspace

PAGE = 200


def end_children(workspace: Workspace, step_run_id: str) -> list[str]:
    """Ask for the end of every run below a step run that is not over.

    Returns:
        Their ids: the runs are over once this returns none, and each of them has to be told (`CANCEL_EVENT`).
    """
    active = [run for run in _children(workspace, step_run_id) if run.status not in RUN_TERMINAL]
    for run in active:
        if run.status is not RunStatus.CANCEL_REQUESTED:
            with suppress(Conflict):  # It ended at this moment; the next look will tell.
                change_status(workspace, run.run_id, RunStatus.CANCEL_REQUESTED)
    return [run.run_id for run in active]


def is_orphan(workspace: Workspace, run: RunRecord) -> bool:
    """Whether a run is below a step run that has ended."""
    if run.parent_step_run_id is None or run.status is RunStatus.CANCEL_REQUESTED:
        return False
    row = workspace.services.runs.get_step(*names.split_step_run_id(run.parent_step_run_id))
    return row is not None and row.status in STEP_TERMINAL


def _children(workspace: Workspace, step_run_id: str) -> list[RunRecord]:
    chosen = RunFilter(parent_step_run_id=step_run_id)
    found: list[RunRecord] = []
    token: str | None = None
    while True:
        page = workspace.services.runs.list_runs(chosen, PAGE, token)
        found += page.value
        token = page.continuation_token
        if token is None:
            return found

"""Changes of a run's row, whoever else writes it meanwhile."""

from collections.abc import Callable

from shared.core.errors import Conflict
from shared.core.records import RunRecord
from shared.core.status import RUN_TERMINAL, RunStatus, run_may_become
from shared.services.observation import run_ended
from shared.services.workspace import Workspace

CHANGE_TRIES = 5
"""How often a change of a run's row is tried again after somebody else changed it first."""


def change_status(workspace: Workspace, run_id: str, status: RunStatus, **fields: object) -> RunRecord:
    """Move a run to another status.

    Raises:
        Conflict: The run's status does not allow the change, or others change the run all the time.
    """
    before = status

    def changed(run: RunRecord) -> RunRecord:
        nonlocal before
        before = run.status
        if not run_may_become(run.status, status):
            raise Conflict(f"Run {run_id} is {run.status} and cannot become {status}.")
        return run.model_copy(update={"status": status, **fields})

    run = change_row(workspace, run_id, changed)
    if status in RUN_TERMINAL and before not in RUN_TERMINAL:
        run_ended(run)
    return run


def change_row(workspace: Workspace, run_id: str, changed: Callable[[RunRecord], RunRecord]) -> RunRecord:
    """Replace a run's row by what `changed` makes of its latest state; a row that stays the same is not written.

    Raises:
        NotFound: No such run.
        Conflict: Others change the run all the time, or `changed` says so.
    """
    for _ in range(CHANGE_TRIES):
        old = workspace.services.runs.get_run(run_id)
        new = changed(old)
        if new == old:
            return old
        try:
            return workspace.services.runs.update_run(new)
        except Conflict:
            continue
    raise Conflict(f"Run {run_id} is being changed by others all the time; try again.")

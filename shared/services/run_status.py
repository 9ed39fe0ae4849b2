"""Changes of a run's status, whoever else writes its row meanwhile."""

from shared.core.errors import Conflict
from shared.core.records import RunRecord
from shared.core.status import RunStatus, run_may_become
from shared.services.workspace import Workspace

CHANGE_TRIES = 5
"""How often a change of a run's row is tried again after somebody else changed it first."""


def change_status(workspace: Workspace, run_id: str, status: RunStatus, **fields: object) -> RunRecord:
    """Move a run to another status, whoever else writes its row meanwhile.

    Raises:
        Conflict: The run's status does not allow the change.
    """
    for _ in range(CHANGE_TRIES):
        run = workspace.services.runs.get_run(run_id)
        if not run_may_become(run.status, status):
            raise Conflict(f"Run {run_id} is {run.status} and cannot become {status}.")
        try:
            return workspace.services.runs.update_run(run.model_copy(update={"status": status, **fields}))
        except Conflict:
            continue
    raise Conflict(f"Run {run_id} is being changed by others all the time; try again.")

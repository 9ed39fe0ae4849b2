"""Code that is known to be wrong before its job is submitted."""

from shared.core import names
from shared.core.errors import BackendError
from shared.core.jobs import JobFile, JobSpec
from shared.core.records import StepRecord
from shared.services.documents import snapshot_file_blob
from shared.services.workspace import Workspace

_MOST = 20
"""Faults in a step's row; the log has all of them."""


def refuse_faulty_code(workspace: Workspace, row: StepRecord, job: JobSpec) -> None:
    """Keep a job from starting whose code cannot run; its log says why.

    Raises:
        BackendError: It names everything that is wrong.
    """
    blobs = workspace.services.blobs

    def read(file: JobFile) -> bytes:
        return blobs.get(names.SYSTEM_CONTAINER, snapshot_file_blob(file.digest.removeprefix("sha256:")))

    step_type = workspace.step_types.get(job.step_type)
    faults = step_type.code_faults(job, read) if step_type is not None else []
    if not faults:
        return
    end = "Nothing has run." if len(faults) == 1 else f"{len(faults)} errors: nothing has run."
    log = f"{names.artifact_prefix(row.run_id, row.ordinal)}/{job.log_name}"
    text = "".join(f"{line}\n" for line in (*faults, end))
    blobs.put(names.ARTIFACT_CONTAINER, log, text.encode(), content_type="text/plain; charset=utf-8")
    shown = faults if len(faults) <= _MOST else [*faults[:_MOST], "Its log has the others."]
    raise BackendError("\n".join((*shown, end)))

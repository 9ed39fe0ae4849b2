"""Submitting one try of a step, for the first time or again."""

from collections.abc import Mapping

from shared.core import names
from shared.core.output_places import output_place
from shared.core.records import StepRecord
from shared.ports.compute import ComputeBackend
from shared.services import resolution
from shared.services.code_checks import refuse_faulty_code
from shared.services.datastores import open_datastore
from shared.services.inputs import Outputs
from shared.services.jobs import build_job, output_datastore
from shared.services.observation import compute_call
from shared.services.outside_files import changed_outside_file
from shared.services.workspace import RunContext, Workspace


def produced_above(workspace: Workspace, context: RunContext, ordinal: int) -> Mapping[int, Outputs]:
    """Outputs of the steps from which a step takes data; steps that did not finish have none."""
    above = resolution.producers(context, ordinal)
    return {step: row.outputs for step, row in workspace.ended_steps(context, above).items()}


def submit_try(
    workspace: Workspace,
    context: RunContext,
    row: StepRecord,
    backend: ComputeBackend,
    produced: Mapping[int, Outputs],
) -> StepRecord:
    """Submit the try that the row speaks of, and note its remote id where that was not known before.

    Submitting the same try again, because an earlier answer was lost, finds the same job.

    Raises:
        BackendError: The step's code is wrong, or the backend does not take the job.
    """
    job = build_job(workspace, context, row.ordinal, row.attempt, produced)
    refuse_faulty_code(workspace, context, row)
    with compute_call("submit", row):
        remote_id = backend.submit(job)
    if remote_id == row.remote_id:
        return row
    return workspace.record(context, row.model_copy(update={"remote_id": remote_id}))


def with_certain_key(
    workspace: Workspace, context: RunContext, row: StepRecord, produced: Mapping[int, Outputs]
) -> StepRecord:
    """The row of a step whose job read its inputs where they lie, without its key if they changed since it was made.

    The result is then of data that nobody can name: it counts for this run and stands in for nothing.
    """
    if row.key is None:
        return row
    step, document = context.step(row.ordinal), row.key_document or {}
    changed = resolution.changed_input(workspace, context, step, produced, document)
    changed = changed or changed_outside_file(workspace, context, step, document.get("outside", {}))
    if not changed:
        return row
    warning = f"{changed} while the step ran, so its result will not be reused."
    return row.model_copy(update={"key": None, "key_document": None, "warnings": (*row.warnings, warning)})


def clear_leftovers(workspace: Workspace, context: RunContext, ordinal: int) -> None:
    """Remove what an earlier try of a step wrote to places that no other step run has.

    For jobs that write there themselves: whatever lies at such a place when they have ended counts as their output.
    """
    step = context.step(ordinal)
    for name, output in step.outputs.items():
        path = output_place(output, context.run.run_id, ordinal, name)
        if names.step_run_id(context.run.run_id, ordinal) in path:
            datastore = open_datastore(workspace, output_datastore(context, step, name))
            found = (blob.name for blob in datastore.list(path))
            datastore.remove([each for each in found if each == path or each.startswith(f"{path}/")])

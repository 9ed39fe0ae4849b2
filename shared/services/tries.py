"""Submitting one try of a step, for the first time or again."""

from collections.abc import Mapping

from shared.core.records import StepRecord
from shared.ports.compute import ComputeBackend
from shared.services import resolution
from shared.services.inputs import Outputs
from shared.services.jobs import build_job
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
    """
    remote_id = backend.submit(build_job(workspace, context, row.ordinal, row.attempt, produced))
    if remote_id == row.remote_id:
        return row
    return workspace.record(context, row.model_copy(update={"remote_id": remote_id}))

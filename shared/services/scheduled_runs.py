"""Runs that schedules start: each at most once, whoever asks for it and however often."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.core.errors import InvalidDocument, NotFound, PipeyardError
from shared.core.schedules import Schedule, TriggerOutcome
from shared.core.wording import shorten
from shared.ports.engine import Engine
from shared.services.publishing import SubmitRequest, submit_endpoint, submit_published
from shared.services.submission import run_id_of
from shared.services.workspace import Workspace

RUN_SOURCE = "Schedule"
_MAX_REASON = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What became of the attempt to start a run: its id, or the reason why there is none."""

    run_id: str | None = None
    reason: str | None = None

    @property
    def outcome(self) -> TriggerOutcome:
        """The same as the history calls it."""
        return TriggerOutcome.STARTED if self.run_id is not None else TriggerOutcome.FAILED


def start_scheduled_run(
    workspace: Workspace, engine: Engine, schedule: Schedule, occasion: str, parameters: Mapping[str, Any]
) -> Started:
    """Start the run of one occasion: an instant, or files.

    A run that exists already is the one, whatever the schedule says by now: it was changed after an earlier attempt.

    Raises:
        PipeyardError: Something that waiting may mend; try again later.
    """
    # No header can have a line break: no client can take the id of a run that a schedule will start.
    key = f"schedule\n{schedule.schedule_id}:{occasion}"
    try:
        return Started(run_id=workspace.services.runs.get_run(run_id_of(key)).run_id)
    except NotFound:
        pass
    try:
        request = SubmitRequest(
            experiment_name=schedule.experiment_name,
            parameters={**schedule.parameters, **parameters},
            properties=schedule.properties,
            continue_on_step_failure=schedule.continue_on_step_failure,
            run_source=RUN_SOURCE,
        )
        options: dict[str, Any] = {
            "idempotency_key": key,
            "schedule_id": schedule.schedule_id,
            "warnings": schedule.warnings,
        }
        if schedule.published_pipeline_id is not None:
            run, _ = submit_published(workspace, engine, schedule.published_pipeline_id, request, **options)
        else:
            run, _ = submit_endpoint(workspace, engine, schedule.pipeline_endpoint_id or "", request, **options)
    except PipeyardError as error:
        if error.retryable:
            raise
        return Started(reason=shorten(_sentence(error), _MAX_REASON))
    return Started(run_id=run.run_id)


def _sentence(error: PipeyardError) -> str:
    if isinstance(error, InvalidDocument):
        return " ".join(f"{fault.pointer}: {fault.message}" for fault in error.faults)
    return str(error)

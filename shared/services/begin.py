"""Beginning a step run: reuse a finished result, start the next try, or queue behind an identical step.

The step's row decides what a call does. Before a job is submitted its row says `Running` with the try's number (the
intent), and the job's name is derived from that number, so a call that comes again finds the job instead of
starting a second one.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.core import explain, names
from shared.core.definition import StepDefinition
from shared.core.errors import BackendError, Conflict, NotFound, PipeyardError
from shared.core.records import ClaimOwner, Explanation, ReuseEntry, StepRecord
from shared.core.status import STEP_TERMINAL, StepStatus
from shared.services import resolution
from shared.services.compute_targets import Destination, destination, still_stands, target_name
from shared.services.inputs import Outputs
from shared.services.left_jobs import let_go
from shared.services.observation import began, describe, time_saved
from shared.services.output_registration import register_reused_outputs
from shared.services.resolution import Ingredients
from shared.services.results import record_end
from shared.services.single_flight import Claimed, claim, queue_seconds
from shared.services.slots import Occupied, wait_seconds
from shared.services.steps import Answer, ended, fresh_row, give_back, load_row
from shared.services.tries import clear_leftovers, produced_above, submit_try
from shared.services.workspace import RunContext, Workspace

_LATEST_BELIEVED = timedelta(minutes=5)
"""Well below the time that outputs are left alone after their results were dropped (`maintenance.runs.SETTLING`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One step that is about to begin, with all that was found out about it."""

    workspace: Workspace
    context: RunContext
    row: StepRecord
    destination: Destination
    produced: Mapping[int, Outputs]

    @property
    def step(self) -> StepDefinition:
        return self.context.step(self.row.ordinal)

    def record(self, **update: object) -> "_Work":
        """Write the row with some changes.

        Raises:
            Conflict: The row is not what it was thought to be.
        """
        row = self.workspace.record(self.context, self.row.model_copy(update=update))
        return replace(self, row=row)


def begin_step(workspace: Workspace, run_id: str, ordinal: int) -> Answer:
    """Begin a step, or go on with a step that has begun already.

    Raises:
        BackendError: The backend could not take the job for now.
    """
    context = workspace.context(run_id)
    if ordinal not in context.ended and ordinal not in context.begun:
        # Nearly always the step has no row yet: inserting one, which fails if there is one, saves looking for it.
        with suppress(Conflict):
            return _begin(workspace, context, fresh_row(context, ordinal))
    row = load_row(workspace, context, ordinal)
    return ended(row) if row.status in STEP_TERMINAL else _begin(workspace, context, row)


def _begin(workspace: Workspace, context: RunContext, row: StepRecord) -> Answer:
    describe(context.run.experiment, row)
    produced = produced_above(workspace, context, row.ordinal)
    if row.status is StepStatus.RUNNING:  # another process began it: what this one knows of the target may be older
        workspace.forget_compute_target(row.compute_target)
    try:
        work = _Work(
            workspace=workspace,
            context=context,
            row=row,
            destination=destination(workspace, context.step(row.ordinal), target_name(context, row.ordinal)),
            produced=produced,
        )
        found = resolution.ingredients(workspace, context, work.step, produced)
        if row.status is StepStatus.RUNNING:
            # Found again after a crash: the job may have ended meanwhile, so look at once.
            return replace(_submit(_certain(work, found)), wait_seconds=0.0)
        if row.attempt > 0:
            return _start(work, found, row.explanation)
        return _decide(work, found)
    except (NotFound, BackendError) as error:
        if error.retryable:
            return _wait_for_service(workspace, context, row, error)
        row = load_row(workspace, context, row.ordinal)
        # Found again after a crash, it may have a job already, whatever is missing by now.
        message = f"{error}{let_go(workspace, row)}"
        give_back(workspace, row)
        return ended(record_end(workspace, context, row, StepStatus.FAILED, error=message))


def _wait_for_service(workspace: Workspace, context: RunContext, row: StepRecord, error: PipeyardError) -> Answer:
    """A step that has no job yet queues until its service answers; one that may have one is left as it is.

    Without a row nobody would miss the step, should its orchestration give up.

    Raises:
        PipeyardError: The step may have a job.
    """
    if row.ordinal in context.begun:
        row = context.begun[row.ordinal]
    if row.status is StepStatus.RUNNING:
        raise error
    now = workspace.now()
    if row.status is not StepStatus.QUEUED:
        fields = {"status": StepStatus.QUEUED, "explanation": explain.explain_away(str(error))}
        row = workspace.record(context, row.model_copy(update={**fields, "queued_at": now.isoformat()}))
    return Answer(outcome="queued", wait_seconds=queue_seconds(row, now))


def _certain(work: _Work, found: Ingredients) -> _Work:
    """A step whose data changed since its try was noted may run on either: its result will stand in for nothing."""
    if work.row.key in {None, found.key}:
        return work
    return work.record(key=None, key_document=None)


def _decide(work: _Work, found: Ingredients) -> Answer:
    """First try: a finished result stands in, or this step claims the key and runs."""
    forbidden = resolution.reuse_forbidden(work.context, work.step, found)
    if forbidden is not None:
        return _start(work, found, forbidden)
    owner = ClaimOwner(run_id=work.row.run_id, ordinal=work.row.ordinal, attempt=1)
    explanation: Explanation | None = None
    held = _latest(work, found) or claim(work.workspace, found.key, owner)
    if isinstance(held, ReuseEntry):
        problem = resolution.missing_outputs(work.workspace, held, {})
        if not problem:
            return _reuse(work, found, held)
        work.workspace.services.reuse.forget(found.key)
        explanation = explain.explain_outputs_missing(names.step_run_id(held.run_id, held.ordinal), problem)
        held = claim(work.workspace, found.key, owner)
    if held is not None:
        return _wait_for_other(work, found, held)
    return _start(work, found, explanation or resolution.explain_miss(work.workspace, work.context, work.step, found))


def _latest(work: _Work, found: Ingredients) -> Claimed:
    """The step's latest result if it has the key, as remembered.

    Not for long: a purge that has dropped it meanwhile removes its outputs some time later, whoever remembers it.
    """
    if work.workspace.now() - work.context.read_at > _LATEST_BELIEVED:
        return None
    latest = work.context.latest.get(work.step.name)
    return latest if latest is not None and latest.key == found.key else None


def _reuse(work: _Work, found: Ingredients, entry: ReuseEntry) -> Answer:
    now, ordinal = work.workspace.now().isoformat(), work.row.ordinal
    warnings = register_reused_outputs(work.workspace, work.context, ordinal, entry.outputs)
    fields = resolution.reused_fields(work.context, ordinal, found, entry, now)
    time_saved(entry)
    return ended(work.record(**fields, warnings=warnings).row)


def _wait_for_other(work: _Work, found: Ingredients, other: ClaimOwner | ReuseEntry) -> Answer:
    """Another run is at work on the same key: wait for its result instead of doing the work twice."""
    now = work.workspace.now()
    explanation = explain.explain_waiting(names.step_run_id(other.run_id, other.ordinal))
    if work.row.status is not StepStatus.QUEUED or work.row.explanation != explanation:
        work = work.record(
            status=StepStatus.QUEUED,
            explanation=explanation,
            queued_at=work.row.queued_at or now.isoformat(),
            key=found.key,
            key_document=found.document,
        )
    return Answer(outcome="queued", wait_seconds=queue_seconds(work.row, now))


def _wait_for_slot(work: _Work, found: Ingredients, full: Occupied) -> Answer:
    """The compute target is full: queue, and say so."""
    now, row = work.workspace.now(), work.row
    explanation = explain.explain_full(work.destination.name, full.taken, full.limit, full.ahead)
    if row.attempt > 0:  # Why the step runs at all is worth more than why its next try waits.
        explanation = row.explanation or explanation
    if row.status is not StepStatus.QUEUED or row.explanation != explanation:
        row = work.record(
            status=StepStatus.QUEUED,
            explanation=explanation,
            queued_at=row.queued_at or now.isoformat(),
            compute_target=work.destination.name,
            key=found.key,
            key_document=found.document,
        ).row
    return Answer(outcome="queued", wait_seconds=wait_seconds(row.queued_at, now, full.ahead))


def _start(work: _Work, found: Ingredients, explanation: Explanation | None) -> Answer:
    """Take a slot where there are only so many, write the intent, then submit."""
    row, limit = work.row, work.destination.limit
    if limit is not None:
        full = work.workspace.slots.take(work.destination.name, limit, names.step_run_id(row.run_id, row.ordinal))
        if full is not None:
            return _wait_for_slot(work, found, full)
    if row.attempt > 0 and work.destination.backend.capabilities.reads_in_place:
        clear_leftovers(work.workspace, work.context, row.ordinal)
    attempt = row.attempt + 1
    job = names.job_name(row.run_id, row.ordinal, attempt)
    work = work.record(
        status=StepStatus.RUNNING,
        attempt=attempt,
        explanation=explanation,
        key=found.key,
        key_document=found.document,
        source=names.step_run_id(row.run_id, row.ordinal),
        compute_target=work.destination.name,
        backend=work.destination.backend_name,
        remote_id=job if work.destination.backend.capabilities.derived_ids else None,
        started_at=row.started_at or work.workspace.now().isoformat(),
    )
    if not still_stands(work.workspace, work.destination):
        return _wait_for_target(work)
    began(row, work.workspace.now())
    return _submit(work)


def _wait_for_target(work: _Work) -> Answer:
    """Somebody deletes the target or points it elsewhere: having no job yet, the step waits for what becomes of it."""
    give_back(work.workspace, work.row)
    now = work.workspace.now()
    fields = {"status": StepStatus.QUEUED, "attempt": work.row.attempt - 1, "remote_id": None}
    row = work.record(**fields, queued_at=work.row.queued_at or now.isoformat()).row
    return Answer(outcome="queued", wait_seconds=queue_seconds(row, now))


def _submit(work: _Work) -> Answer:
    backend = work.destination.backend
    submit_try(work.workspace, work.context, work.row, backend, work.produced)
    return Answer(outcome="running", wait_seconds=backend.capabilities.poll_seconds)

"""The dry run: what would run, what would be reused, and why. Reads only; nothing is written or started."""

from typing import Literal

from shared.core import explain, names
from shared.core.document import Document
from shared.core.errors import BackendError, NotFound
from shared.core.records import Explanation, ReuseEntry, RunRecord
from shared.core.status import RunStatus
from shared.services import resolution
from shared.services.documents import definition_digest
from shared.services.inputs import Outputs
from shared.services.submission import RunRequest, accept_request
from shared.services.workspace import RunContext, Workspace


class PlannedStep(Document):
    """What would become of one step.

    Attributes:
        action: `run`, `reuse`, or `blocked`: it depends on the bytes that a step above it will write.
        source: Step run whose result would be reused.
        saves_seconds: What that step run took.
    """

    name: str
    action: Literal["run", "reuse", "blocked"]
    explanation: Explanation
    source: str | None = None
    saves_seconds: float | None = None


def plan_run(workspace: Workspace, request: RunRequest) -> list[PlannedStep]:
    """Plan a run, step by step in the definition's order.

    Raises:
        InvalidDocument: As for a submit.
        NotFound: No stored definition has the id, or a data reference points at nothing.
    """
    definition, parameters, experiment = accept_request(workspace, request)
    run = RunRecord(
        run_id="plan",
        experiment=experiment,
        pipeline=definition.name,
        status=RunStatus.NOT_STARTED,
        created_at="",
        definition_id=definition_digest(definition),
        parameters=parameters,
        step_count=len(definition.steps),
        regenerate_outputs=request.regenerate_outputs,
    )
    context = workspace.make_context(run, definition)
    listings: dict[str, dict[str, tuple[int, str]]] = {}
    resolution.list_runs_outputs(workspace, list(context.latest.values()), listings)
    outputs: dict[int, Outputs] = {}
    planned: dict[int, PlannedStep] = {}
    for ordinal in context.graph.order:
        planned[ordinal] = _plan_step(workspace, context, ordinal, outputs, listings)
    return [planned[ordinal] for ordinal in range(len(definition.steps))]


def _plan_step(
    workspace: Workspace,
    context: RunContext,
    ordinal: int,
    outputs: dict[int, Outputs],
    listings: dict[str, dict[str, tuple[int, str]]],
) -> PlannedStep:
    """Plan one step, given the outputs of the steps above it that would be reused; adds its own to them."""
    step = context.step(ordinal)
    forbidden = resolution.reuse_forbidden(context, step)
    if forbidden is not None:
        return PlannedStep(name=step.name, action="run", explanation=forbidden)
    unknown = [above for above in resolution.producers(context, ordinal) if above not in outputs]
    if unknown:
        blocked = explain.explain_blocked([context.step(above).name for above in unknown])
        return PlannedStep(name=step.name, action="blocked", explanation=blocked)
    try:
        found = resolution.ingredients(workspace, context, step, outputs)
    except NotFound as error:
        return PlannedStep(
            name=step.name, action="run", explanation=Explanation(code="input_missing", sentence=str(error))
        )
    except BackendError as error:
        return PlannedStep(name=step.name, action="run", explanation=explain.explain_outside_unknown(str(error)))
    forbidden = resolution.reuse_forbidden(context, step, found)
    if forbidden is not None:
        return PlannedStep(name=step.name, action="run", explanation=forbidden)
    latest = context.latest.get(step.name)
    entry: ReuseEntry | None = latest if latest and latest.key == found.key else None
    entry = entry or workspace.services.reuse.find(found.key)
    if entry is None:
        miss = resolution.explain_miss(workspace, context, step, found)
        return PlannedStep(name=step.name, action="run", explanation=miss)
    source = names.step_run_id(entry.run_id, entry.ordinal)
    problem = resolution.missing_outputs(workspace, entry, listings)
    if problem:
        return PlannedStep(name=step.name, action="run", explanation=explain.explain_outputs_missing(source, problem))
    outputs[ordinal] = entry.outputs
    return PlannedStep(
        name=step.name,
        action="reuse",
        explanation=resolution.explain_hit(entry),
        source=source,
        saves_seconds=entry.wall_seconds,
    )

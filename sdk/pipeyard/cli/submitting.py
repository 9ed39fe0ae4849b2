"""Commands that start, stop and foresee runs. Their docstrings are their help texts."""

from typing import Annotated

import typer

from pipeyard._follow import RUN_ENDED
from pipeyard._wire import Definition, PlannedStep, RunDocument, RunRequest
from pipeyard.cli import options
from pipeyard.cli.progress import follow
from pipeyard.cli.render import print_view, seconds
from pipeyard.cli.session import Session, faults_of, session_of

Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait for the end without showing progress.")]
Key = Annotated[
    str | None,
    typer.Option(help="Name of this request: repeating it with the same key answers with the first run."),
]
FailIfRuns = Annotated[
    list[str] | None,
    typer.Option(metavar="STEP", help="End with exit code 1 unless this step would be reused; may be repeated."),
]


def validate(context: typer.Context, *, file: options.File, as_json: options.AsJson = False) -> None:
    """Check a definition file, and list everything that is wrong with it."""
    session = session_of(context, as_json)
    definition = session.load(file).definition
    with faults_of(file):
        warnings = session.client.validate(definition)
    for warning in warnings:
        session.note(f"warning: {warning}", "yellow")
    session.result(
        {"valid": True, "warnings": warnings},
        lambda: session.say(f"{file} is valid."),
    )


def plan(
    context: typer.Context,
    *,
    file: options.File,
    parameters: options.Parameters = None,
    experiment: options.ExperimentName = None,
    regenerate_outputs: options.Regenerate = False,
    fail_if_would_run: FailIfRuns = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what a submit would run and what it would reuse, and why. No run is started."""
    session = session_of(context, as_json)
    definition = session.load(file).definition
    request = _request(definition, parameters, experiment, regenerate_outputs=regenerate_outputs)
    with faults_of(file):
        steps = session.client.plan(request)
    session.result({"steps": steps}, lambda: _show_plan(session, steps))
    actions = {step["name"]: step["action"] for step in steps}
    for name in fail_if_would_run or ():
        if name not in actions:
            raise typer.BadParameter(f"there is no step {name!r}.", param_hint="--fail-if-would-run")
    unexpected = [name for name in fail_if_would_run or () if actions[name] != "reuse"]
    if unexpected:
        session.note(f"error: these steps would not be reused: {', '.join(unexpected)}", "red")
        raise typer.Exit(1)


def submit(
    context: typer.Context,
    *,
    file: options.File,
    parameters: options.Parameters = None,
    experiment: options.ExperimentName = None,
    labels: options.LabelOptions = None,
    regenerate_outputs: options.Regenerate = False,
    continue_on_step_failure: options.Continue = False,
    max_parallel_steps: options.MaxParallel = None,
    wait: Wait = False,
    follow_run: options.Follow = False,
    idempotency_key: Key = None,
    as_json: options.AsJson = False,
) -> None:
    """Submit a definition file as a run.

    With --wait or --follow the exit code is 1 unless the run finishes.
    """
    session = session_of(context, as_json)
    definition = session.load(file).definition
    request = _request(definition, parameters, experiment, regenerate_outputs=regenerate_outputs)
    request["labels"] = options.pairs(labels, "--label")
    request["continue_on_step_failure"] = continue_on_step_failure
    if max_parallel_steps is not None:
        request["max_parallel_steps"] = max_parallel_steps
    with faults_of(file):
        run = session.client.submit(request, idempotency_key=idempotency_key)
    report_submitted(session, run, wait=wait, show=follow_run)


def resume(
    context: typer.Context,
    *,
    run: options.RunReference,
    wait: Wait = False,
    follow_run: options.Follow = False,
    as_json: options.AsJson = False,
) -> None:
    """Run a failed or canceled run again: what it finished is reused where nothing changed."""
    session = session_of(context, as_json)
    report_submitted(session, session.client.resume(session.find_run(run)), wait=wait, show=follow_run)


def cancel(
    context: typer.Context,
    *,
    run: options.RunReference,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until every job has ended.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Ask for a run's end. It is Canceled only once every job has really ended."""
    session = session_of(context, as_json)
    document = session.client.cancel(session.find_run(run))
    if wait and document["status"] not in RUN_ENDED:
        document = follow(session.client, document["run_id"], session.notes, quiet=True).run
    text = f"{document['run_id']} is {document['status']}."
    session.result(document, lambda: session.say(text))


def _request(
    definition: Definition, parameters: list[str] | None, experiment: str | None, *, regenerate_outputs: bool
) -> RunRequest:
    request = RunRequest(
        definition=definition,
        parameters=options.typed_parameters(parameters, definition),
        regenerate_outputs=regenerate_outputs,
    )
    if experiment is not None:
        request["experiment_name"] = experiment
    return request


def report_submitted(session: Session, run: RunDocument, *, wait: bool, show: bool) -> None:
    """Report a new run; with `wait` or `show` also its end, which then decides the exit code."""
    run_id = run["run_id"]
    if not wait and not show:
        session.result(run, lambda: _show_submitted(session, run))
        return
    session.note(f"Submitted run {run_id}")
    view = follow(session.client, run_id, session.notes if session.as_json else session.console, quiet=not show)
    session.result({"run": view.run, "steps": view.steps}, lambda: None if show else print_view(session.console, view))
    if not view.succeeded:
        session.note(f"Run {run_id} ended as {view.run['status']}. {view.run.get('error') or ''}".rstrip(), "red")
        raise typer.Exit(1)


def _show_submitted(session: Session, run: RunDocument) -> None:
    session.say(f"Submitted run {run['run_id']}")
    session.note(f"Watch it with: pipeyard status {run['run_id']} --follow")


def _show_plan(session: Session, steps: list[PlannedStep]) -> None:
    rows = []
    for step in steps:
        explanation = step.get("explanation")
        rows.append(
            (
                step["name"],
                step["action"],
                seconds(step.get("saves_seconds")) if step["action"] == "reuse" else "",
                explanation["sentence"] if explanation else "",
            )
        )
    session.table(("step", "action", "saves seconds", "reason"), rows)

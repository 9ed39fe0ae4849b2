"""Commands that only look. Their docstrings are their help texts."""

import functools
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._explanation import explanation_lines
from pipeyard._follow import follow_log, read_log, view_run
from pipeyard._outputs import download_output, find_output
from pipeyard._wire import RunDocument
from pipeyard.cli import options
from pipeyard.cli.progress import follow
from pipeyard.cli.render import print_lines, print_view, value_text
from pipeyard.cli.session import Session, session_of

LARGEST_PAGE = 200


def runs(
    context: typer.Context,
    *,
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", help="Runs of one experiment.")] = None,
    status: Annotated[str | None, typer.Option(help="Runs in one status, such as Failed.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most runs to list.")] = 20,
    as_json: options.AsJson = False,
) -> None:
    """List runs, newest first."""
    session = session_of(context, as_json)
    found: list[RunDocument] = []
    token: str | None = None
    while len(found) < limit:
        page = session.client.list_runs(
            experiment=experiment,
            status=status,
            page_size=min(limit - len(found), LARGEST_PAGE),
            continuation_token=token,
        )
        found += page["value"]
        token = page["continuation_token"]
        if token is None:
            break
    found = found[:limit]
    rows = [(run["run_id"], run["experiment"], run["status"], _when(run), _duration(run)) for run in found]
    columns = ("run", "experiment", "status", "created", "took")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


def status(
    context: typer.Context,
    *,
    run: options.RunReference,
    follow_run: options.Follow = False,
    as_json: options.AsJson = False,
) -> None:
    """Show a run and its steps. With --follow the exit code is 1 unless the run finishes."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    if not follow_run:
        view = view_run(session.client, run_id)
        session.result({"run": view.run, "steps": view.steps}, lambda: print_view(session.console, view))
        return
    view = follow(session.client, run_id, session.notes if as_json else session.console)
    session.result({"run": view.run, "steps": view.steps}, lambda: None)
    if not view.succeeded:
        raise typer.Exit(1)


def logs(
    context: typer.Context,
    *,
    run: options.RunReference,
    step: options.StepName,
    follow_step: options.Follow = False,
    attempt: Annotated[int | None, typer.Option(min=1, help="An earlier try; the last one by default.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Print what a step's script has written."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    pieces = (follow_log if follow_step else read_log)(session.client, run_id, step, attempt)
    if as_json:
        session.print_json({"run_id": run_id, "step": step, "text": "".join(pieces)})
        return
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()


def explain(
    context: typer.Context,
    *,
    run: options.RunReference,
    step: options.OptionalStep = None,
    as_json: options.AsJson = False,
) -> None:
    """Say for each step why it ran or was reused, and what had changed."""
    session = session_of(context, as_json)
    value = session.client.explain(session.find_run(run), step)
    session.result({"value": value}, lambda: print_lines(session.console, explanation_lines(value)))


def metrics(
    context: typer.Context,
    *,
    run: options.RunReference,
    step: options.OptionalStep = None,
    as_json: options.AsJson = False,
) -> None:
    """Print the metrics that steps logged."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    found = {name: session.client.get_metrics(run_id, name) for name in _steps(session, run_id, step)}
    rows = [
        (
            name,
            metric["name"],
            "" if (number := metric.get("step")) is None else str(number),
            value_text(metric["value"]),
        )
        for name, values in found.items()
        for metric in values
    ]
    session.result(found, functools.partial(session.table, ("step", "metric", "#", "value"), rows))


def outputs(
    context: typer.Context,
    *,
    run: options.RunReference,
    step: options.OptionalStep = None,
    as_json: options.AsJson = False,
) -> None:
    """List the outputs of finished steps."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    found = {name: session.client.get_outputs(run_id, name) for name in _steps(session, run_id, step)}
    rows = [
        (name, item["name"], str(item.get("file_count", "")), str(item.get("total_bytes", "")), _place(item))
        for name, items in found.items()
        for item in items
    ]
    session.result(found, functools.partial(session.table, ("step", "output", "files", "bytes", "place"), rows))


def download(
    context: typer.Context,
    *,
    run: options.RunReference,
    step: options.StepName,
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="Name of the output.", show_default=False)],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Directory to put it in.")] = Path(),
    as_json: options.AsJson = False,
) -> None:
    """Download an output to DIR/OUTPUT: a file, or a folder. Files that exist are replaced."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    document = find_output(session.client, run_id, step, output)
    target = download_output(session.client, run_id, step, document, to)
    session.result(
        {"path": str(target), "output": document},
        lambda: session.say(str(target)),
    )


def _steps(session: Session, run_id: str, step: str | None) -> list[str]:
    return [step] if step is not None else [item["name"] for item in session.client.get_steps(run_id)]


def _place(output: Any) -> str:
    return f"{output['datastore']}/{output['path']}"


def _when(run: RunDocument) -> str:
    created = run.get("created_at")
    return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M:%S") if created else ""


def _duration(run: RunDocument) -> str:
    begun, ended = run.get("started_at") or run.get("created_at"), run.get("ended_at")
    if not begun or not ended:
        return ""
    taken = (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
    return f"{taken:.1f} s"

"""`pipeyard schedule`: what starts runs by itself. The docstrings are the help texts."""

import functools
import itertools
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._clients.schedules import SchedulesClient
from pipeyard._follow import view_run
from pipeyard.cli import options
from pipeyard.cli.render import print_view
from pipeyard.cli.session import Session, session_of
from pipeyard.exceptions import UserErrorException

app = typer.Typer(help="Start runs by themselves: at times, or when files arrive.", no_args_is_help=True)

ScheduleId = Annotated[str, typer.Argument(metavar="ID", help="The schedule's id.", show_default=False)]
ScheduleFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The schedule as JSON (docs/schedules.md).", show_default=False)
]
Pipeline = Annotated[str | None, typer.Option("--pipeline", help="Id of the published pipeline, over the file's.")]
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="Id of the pipeline endpoint, over the file's.")]
COLUMNS = ("schedule", "name", "status", "when", "last", "next")


@app.callback()
def group() -> None:
    """Start runs by themselves: at times, or when files arrive."""


@app.command("list", epilog="Example: pipeyard schedule list --all")
def list_schedules(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Disabled ones, too.")] = False,
    pipeline: Annotated[str | None, typer.Option(help="Of one published pipeline.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Of one pipeline endpoint.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """List schedules, newest first."""
    session = session_of(context, as_json)
    found = list(
        _client(session).list(active_only=not everything, published_pipeline_id=pipeline, pipeline_endpoint_id=endpoint)
    )
    rows = [
        (each["id"], each["name"], each["status"], when(each), _short(each["last_fired_at"]), _next(each))
        for each in found
    ]
    session.result({"value": found}, functools.partial(session.table, COLUMNS, rows))


@app.command("show", epilog="Example: pipeyard schedule show ID")
def show(context: typer.Context, *, schedule: ScheduleId, as_json: options.AsJson = False) -> None:
    """Show a schedule with the times at which it will start runs."""
    session = session_of(context, as_json)
    _show(session, _client(session).get(schedule))


@app.command("create", epilog="Example: pipeyard schedule create nightly.json --pipeline ID")
def create(
    context: typer.Context,
    *,
    file: ScheduleFile,
    pipeline: Pipeline = None,
    endpoint: Endpoint = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a schedule. It is at work at once."""
    session = session_of(context, as_json)
    _show(session, _client(session).create(_read(file, pipeline, endpoint)))


@app.command("preview", epilog="Example: pipeyard schedule preview nightly.json --pipeline ID")
def preview(
    context: typer.Context,
    *,
    file: ScheduleFile,
    pipeline: Pipeline = None,
    endpoint: Endpoint = None,
    as_json: options.AsJson = False,
) -> None:
    """Print the first times of a schedule without making it; everything is checked."""
    session = session_of(context, as_json)
    times = _client(session).preview(_read(file, pipeline, endpoint))
    session.result({"next_fire_times": times}, lambda: _say_times(session, times))


@app.command("enable", epilog="Example: pipeyard schedule enable ID")
def enable(context: typer.Context, *, schedule: ScheduleId, as_json: options.AsJson = False) -> None:
    """Start runs again; what was due meanwhile is not made up for."""
    session = session_of(context, as_json)
    _show(session, _client(session).change(schedule, {"status": "Active"}))


@app.command("disable", epilog="Example: pipeyard schedule disable ID")
def disable(context: typer.Context, *, schedule: ScheduleId, as_json: options.AsJson = False) -> None:
    """Start no more runs; those under way go on."""
    session = session_of(context, as_json)
    _show(session, _client(session).change(schedule, {"status": "Disabled"}))


@app.command("update", epilog="Example: pipeyard schedule update ID changes.json")
def update(
    context: typer.Context,
    *,
    schedule: ScheduleId,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="JSON with the keys to change; the others stay.", show_default=False),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Change a schedule: its times, its parameters, or anything but the pipeline that it runs."""
    session = session_of(context, as_json)
    _show(session, _client(session).change(schedule, _read(file, None, None)))


@app.command("last-run", epilog="Example: pipeyard schedule last-run ID")
def last_run(context: typer.Context, *, schedule: ScheduleId, as_json: options.AsJson = False) -> None:
    """Show the latest run that a schedule started, and its steps."""
    session = session_of(context, as_json)
    found = _client(session).last_run(schedule)
    if found is None:
        session.result({"run": None, "steps": []}, lambda: session.say(f"Schedule {schedule} has started no run yet."))
        return
    view = view_run(session.client, found["run_id"])
    session.result({"run": view.run, "steps": view.steps}, lambda: print_view(session.console, view))


@app.command("delete", epilog="Example: pipeyard schedule delete ID")
def delete(context: typer.Context, *, schedule: ScheduleId, as_json: options.AsJson = False) -> None:
    """Delete a schedule with its history; its runs stay."""
    session = session_of(context, as_json)
    _client(session).delete(schedule)
    session.result({"deleted": schedule}, lambda: session.say(f"Deleted schedule {schedule}"))


@app.command("history", epilog="Example: pipeyard schedule history ID --limit 50")
def history(
    context: typer.Context,
    *,
    schedule: ScheduleId,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most lines to show.")] = 20,
    as_json: options.AsJson = False,
) -> None:
    """Show what a schedule did, newest first: what it started, and what it ignored and why."""
    session = session_of(context, as_json)
    found = list(itertools.islice(_client(session).history(schedule), limit))
    rows = [(_short(each["at"]), each["outcome"], each["run_id"] or "", _about(each)) for each in found]
    session.result({"value": found}, functools.partial(session.table, ("at", "outcome", "run", "about"), rows))


def when(schedule: dict[str, Any]) -> str:
    """What starts a schedule's runs, in a few words."""
    if schedule["cron"] is not None:
        return f"cron {schedule['cron']['expression']} ({schedule['cron']['time_zone']})"
    trigger = schedule["datastore_trigger"]
    if trigger is not None:
        pattern = trigger["pattern"] or "files"
        return f"{pattern} in {trigger['datastore']}/{trigger['path']}"
    found = schedule["recurrence"]
    unit = found["frequency"].lower()
    return f"every {unit}" if found["interval"] == 1 else f"every {found['interval']} {unit}s"


def _client(session: Session) -> SchedulesClient:
    return SchedulesClient(session.client.http)


def _read(file: Path, pipeline: str | None, endpoint: str | None) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"The schedule {file} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise UserErrorException(f"The schedule {file} must be a JSON object.")
    if pipeline is not None or endpoint is not None:
        document |= {"published_pipeline_id": pipeline, "pipeline_endpoint_id": endpoint}
    return document


def _show(session: Session, schedule: dict[str, Any]) -> None:
    session.result(schedule, lambda: _print(session, schedule))


def _print(session: Session, schedule: dict[str, Any]) -> None:
    session.say(f"Schedule {schedule['id']}: {schedule['name']}, {schedule['status']}, {when(schedule)}")
    if schedule["last_fired_at"] is not None:
        session.say(f"Last: {_short(schedule['last_fired_at'])}")
    _say_times(session, schedule["next_fire_times"])


def _say_times(session: Session, times: list[str]) -> None:
    for time in times:
        session.say(f"Next: {_short(time)}")


def _next(schedule: dict[str, Any]) -> str:
    return _short(next(iter(schedule["next_fire_times"]), None))


def _short(time: str | None) -> str:
    return "" if time is None else f"{time[:16].replace('T', ' ')} UTC"


def _about(event: dict[str, Any]) -> str:
    if event["reason"]:
        return str(event["reason"])
    if event["file_count"]:
        more = event["file_count"] - 1
        return str(event["files"][0]) + (f" and {more} more" if more else "")
    return _short(event["instant"])

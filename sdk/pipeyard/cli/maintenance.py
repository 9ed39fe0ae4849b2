"""`pipeyard maintenance ...`. Docstrings are help texts."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipeyard import _backup
from pipeyard._clients.maintenance import MaintenanceClient
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of

app = typer.Typer(
    help="Purge, back up and restore a workspace. Needs the role Administrator.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only look: say what would happen.")]
_KILOBYTE = 1024


@app.command(epilog="Example: pipeyard maintenance purge --dry-run")
def purge(context: typer.Context, *, dry_run: DryRun = False, as_json: options.AsJson = False) -> None:
    """Remove what the workspace's settings do not keep any longer."""
    session = session_of(context, as_json)
    report: dict[str, Any] = {}
    for report in MaintenanceClient(session.client.http).purge(dry_run=dry_run):
        if report["status"] == "running":
            session.note(f"At {report['phase']} ...")
    session.result(report, lambda: _show_purge(session, report))


@app.command("last-purge", epilog="Example: pipeyard maintenance last-purge --dry-run")
def last_purge(context: typer.Context, *, dry_run: DryRun = False, as_json: options.AsJson = False) -> None:
    """Show how the last purge went, or with --dry-run the last look."""
    session = session_of(context, as_json)
    report = MaintenanceClient(session.client.http).last_purge(dry_run=dry_run)
    session.result(report, lambda: _show_purge(session, report))


@app.command(epilog="Example: pipeyard maintenance backup --to backup.zip")
def backup(
    context: typer.Context,
    *,
    to: Annotated[Path, typer.Option(help="A new folder, or a new file that ends in .zip.", show_default=False)],
    as_json: options.AsJson = False,
) -> None:
    """Copy the catalogue, with what it refers to, to this machine. Secrets and runs are not in it."""
    session = session_of(context, as_json)
    counts = _backup.save(session.client, to)
    rows = [(sort, str(count)) for sort, count in sorted(counts.items())]
    session.result({"to": str(to), "counts": counts}, lambda: session.table(("in the backup", "count"), rows))


@app.command(epilog="Example: pipeyard maintenance restore --from backup.zip --dry-run")
def restore(
    context: typer.Context,
    *,
    source: Annotated[
        Path, typer.Option("--from", help="A folder or zip of `backup`.", exists=True, show_default=False)
    ],
    conflict: Annotated[Literal["skip", "replace"], typer.Option(help="What to do with what differs there.")] = "skip",
    dry_run: DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Put a backup back. Schedules and webhooks come back disabled."""
    session = session_of(context, as_json)
    report = _backup.put_back(session.client, source, conflict=conflict, dry_run=dry_run)
    session.result(report, lambda: _show_restore(session, report))


@app.command("delete-run", epilog="Example: pipeyard maintenance delete-run 1f2ee406")
def delete_run(context: typer.Context, *, run: options.RunReference, as_json: options.AsJson = False) -> None:
    """Delete a run that has ended, with its logs, metrics and files."""
    session = session_of(context, as_json)
    run_id = session.find_run(run)
    MaintenanceClient(session.client.http).delete_run(run_id)
    session.result({"deleted": run_id}, lambda: session.say(f"Run {run_id} is deleted."))


def _show_purge(session: Session, report: dict[str, Any]) -> None:
    rows = [(sort, str(each["count"]), _size(each["bytes"])) for sort, each in report["removed"].items()]
    verb = "would go" if report["dry_run"] else "went"
    if rows:
        session.table((f"what {verb}", "count", "size"), rows)
    else:
        session.say(f"Nothing {verb}.")
    for note in report["notes"]:
        session.note(note)


def _show_restore(session: Session, report: dict[str, Any]) -> None:
    columns = ("created", "replaced", "skipped", "unchanged")
    rows = [(kind, *(str(counts[name]) for name in columns)) for kind, counts in report["records"].items()]
    session.table(("kind", *columns), rows)
    for warning in report["warnings"]:
        session.note(warning, "yellow")
    for missing in report["missing_secrets"]:
        session.note(f"The secret of {missing['kind']} {missing['key']} is missing: {missing['secret']}", "yellow")
    if report["dry_run"]:
        session.note("Nothing was written.")


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < _KILOBYTE:
            return f"{count:.0f} {unit}"
        count /= _KILOBYTE
    return f"{count:.1f} GiB"

"""Who did what, and who one is. Docstrings are help texts."""

import functools
import itertools
from typing import Annotated

import typer

from pipeyard._clients.webhooks import AuditClient
from pipeyard.cli import options
from pipeyard.cli.session import session_of


def audit(
    context: typer.Context,
    *,
    caller: Annotated[str | None, typer.Option(help="What one caller did.")] = None,
    action: Annotated[str | None, typer.Option(help="One action, such as 'POST /api/runs'.")] = None,
    since: Annotated[str | None, typer.Option(help="Not before this time, such as 2026-11-01T00:00:00Z.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most records to list.")] = 50,
    as_json: options.AsJson = False,
) -> None:
    """List who did what, newest first. Needs the role Administrator."""
    session = session_of(context, as_json)
    records = AuditClient(session.client.http).list(caller=caller, action=action, since=since)
    found = list(itertools.islice(records, limit))
    rows = [(each["time"][:19], each["caller"], each["action"], _about(each)) for each in found]
    session.result({"value": found}, functools.partial(session.table, ("time (UTC)", "caller", "action", "what"), rows))


def whoami(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Show who the workspace takes you for, and your roles."""
    session = session_of(context, as_json)
    me = AuditClient(session.client.http).whoami()
    session.result(me, lambda: session.say(f"{me['name']} ({me['kind']}): {', '.join(me['roles']) or 'no role'}"))


def _about(record: dict[str, object]) -> str:
    subject = record["subject"]
    words = list(subject.values()) if isinstance(subject, dict) else []
    result = record["result"]
    return " ".join(map(str, [*words, *([f"-> {result}"] if result is not None and result not in words else [])]))

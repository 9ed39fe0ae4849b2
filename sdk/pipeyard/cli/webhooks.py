"""`pipeyard webhook ...`. Docstrings are help texts."""

import functools
from typing import Annotated, Any

import typer

from pipeyard._clients.webhooks import WebhooksClient
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of

app = typer.Typer(help="Tell other systems when runs end.", no_args_is_help=True, rich_markup_mode=None)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Id of the webhook.", show_default=False)]
DeliveryId = Annotated[str, typer.Argument(metavar="DELIVERY", help="Id of the delivery.", show_default=False)]


@app.command("list", epilog="Example: pipeyard webhook list")
def list_webhooks(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """List webhooks, newest first."""
    session = session_of(context, as_json)
    found = [*_client(session).list()]
    rows = [(each["id"], each["name"], each["status"], each["url"]) for each in found]
    session.result({"value": found}, functools.partial(session.table, ("id", "name", "status", "url"), rows))


@app.command(epilog="Example: pipeyard webhook create chat https://example.com/hook --status Failed")
def create(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="What people will call it.", show_default=False)],
    url: Annotated[str, typer.Argument(help="Where messages go.", show_default=False)],
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", help="Only runs of this experiment.")] = None,
    pipeline: Annotated[str | None, typer.Option(help="Only runs of this pipeline.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only runs that end so; may be repeated.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a webhook. Its secret is printed this once."""
    session = session_of(context, as_json)
    request = {"name": name, "url": url, "experiment": experiment, "pipeline": pipeline, "statuses": status or []}
    made = _client(session).create(request)
    session.result(made, functools.partial(_show_secret, session, made))


@app.command(epilog="Example: pipeyard webhook enable ID")
def enable(context: typer.Context, *, webhook: WebhookId, as_json: options.AsJson = False) -> None:
    """Tell a disabled webhook again."""
    _set_status(session_of(context, as_json), webhook, "Active")


@app.command(epilog="Example: pipeyard webhook disable ID")
def disable(context: typer.Context, *, webhook: WebhookId, as_json: options.AsJson = False) -> None:
    """Tell a webhook nothing any more."""
    _set_status(session_of(context, as_json), webhook, "Disabled")


@app.command(epilog="Example: pipeyard webhook update ID --status Failed --status Canceled")
def update(
    context: typer.Context,
    *,
    webhook: WebhookId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    experiment: Annotated[str | None, typer.Option("--experiment", "-e", help="'' for runs of any.")] = None,
    pipeline: Annotated[str | None, typer.Option(help="'' for runs of any.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only runs that end so; '' for however they end.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Change what is given; the rest stays, and so does the secret."""
    session = session_of(context, as_json)
    filters = {"experiment": experiment, "pipeline": pipeline}
    given: dict[str, Any] = {key: value or None for key, value in filters.items() if value is not None}
    given |= {key: value for key, value in {"name": name, "url": url}.items() if value is not None}
    if status:
        given["statuses"] = [each for each in status if each]
    changed = _client(session).change(webhook, given)
    session.result(changed, lambda: session.say(f"{changed['name']} is {changed['status']}: {changed['url']}"))


@app.command("rotate-secret", epilog="Example: pipeyard webhook rotate-secret ID")
def rotate_secret(context: typer.Context, *, webhook: WebhookId, as_json: options.AsJson = False) -> None:
    """Print a new secret; the old one ends at once."""
    session = session_of(context, as_json)
    changed = _client(session).change(webhook, {"rotate_secret": True})
    session.result(changed, functools.partial(_show_secret, session, changed))


@app.command(epilog="Example: pipeyard webhook delete ID")
def delete(context: typer.Context, *, webhook: WebhookId, as_json: options.AsJson = False) -> None:
    """Delete a webhook with its deliveries."""
    session = session_of(context, as_json)
    _client(session).delete(webhook)
    session.result({"deleted": webhook}, lambda: session.say(f"Deleted {webhook}."))


@app.command(epilog="Example: pipeyard webhook deliveries ID")
def deliveries(context: typer.Context, *, webhook: WebhookId, as_json: options.AsJson = False) -> None:
    """List what a webhook was told, newest run first."""
    session = session_of(context, as_json)
    found = [*_client(session).deliveries(webhook)]
    rows = [
        (each["id"], each["type"], each["run_id"], each["status"], str(each["attempts"]), each["last_error"] or "")
        for each in found
    ]
    columns = ("id", "type", "run", "status", "tries", "last error")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@app.command(epilog="Example: pipeyard webhook redeliver ID DELIVERY")
def redeliver(
    context: typer.Context, *, webhook: WebhookId, delivery: DeliveryId, as_json: options.AsJson = False
) -> None:
    """Send a delivery now, under the same id."""
    session = session_of(context, as_json)
    sent = _client(session).redeliver(webhook, delivery)
    session.result(sent, lambda: session.say(f"Delivery {delivery} is being sent."))


def _set_status(session: Session, webhook: str, status: str) -> None:
    changed = _client(session).change(webhook, {"status": status})
    session.result(changed, lambda: session.say(f"{changed['name']} is {changed['status']}."))


def _show_secret(session: Session, webhook: dict[str, Any]) -> None:
    session.say(f"{webhook['name']}: {webhook['id']}")
    session.say(webhook["secret"])
    session.note("Keep the secret now; it is not shown again.", "yellow")


def _client(session: Session) -> WebhooksClient:
    return WebhooksClient(session.client.http)

"""`pipeyard compute`: the targets that steps run on."""

import functools
from typing import Annotated, Any

import typer

from pipeyard._clients.compute import ComputeClient
from pipeyard.cli import options
from pipeyard.cli.session import session_of

app = typer.Typer(help="The compute targets that steps run on.", no_args_is_help=True)

TargetName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the target.", show_default=False)]


@app.command("list", epilog="Example: pipeyard compute list")
def list_targets(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """List compute targets."""
    session = session_of(context, as_json)
    found = ComputeClient(session.client.http).list()
    rows = [(each["name"], each["type"], each["provisioning_state"], each.get("runs_on") or "") for each in found]
    columns = ("target", "type", "state", "runs on")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@app.command("show", epilog="Example: pipeyard compute show cpu-cluster")
def show(context: typer.Context, *, name: TargetName, as_json: options.AsJson = False) -> None:
    """Show a compute target and its status."""
    session = session_of(context, as_json)
    found = ComputeClient(session.client.http).get(name)
    rows = [
        (key, str(value))
        for key, value in {**found, **found.pop("properties", {})}.items()
        if value not in ("", {}, [])
    ]
    session.result(found, functools.partial(session.table, ("", ""), rows))


@app.command("create", epilog="Example: pipeyard compute create cpu-cluster --max-nodes 4")
def create(
    context: typer.Context,
    *,
    name: TargetName,
    max_nodes: Annotated[int, typer.Option(min=1, help="Most nodes, and so most jobs at once.")],
    min_nodes: Annotated[int, typer.Option(min=0, help="Nodes that are kept while nothing runs.")] = 0,
    vm_size: Annotated[str, typer.Option(help="Size of a node; means nothing on this machine.")] = "STANDARD_D2_V2",
    idle_seconds: Annotated[int, typer.Option(min=1, help="Idle time before a node is given back.")] = 1800,
    as_json: options.AsJson = False,
) -> None:
    """Create a cluster (an AmlCompute)."""
    session = session_of(context, as_json)
    properties: dict[str, Any] = {
        "vm_size": vm_size,
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "idle_seconds_before_scaledown": idle_seconds,
    }
    body = {"type": "AmlCompute", "attach": False, "properties": properties}
    found = ComputeClient(session.client.http).put(name, body)
    session.result(found, lambda: session.say(f"{found['name']}: {found['provisioning_state']}"))


@app.command("delete", epilog="Example: pipeyard compute delete cpu-cluster")
def delete(context: typer.Context, *, name: TargetName, as_json: options.AsJson = False) -> None:
    """Delete a compute target."""
    session = session_of(context, as_json)
    ComputeClient(session.client.http).delete(name)
    session.result({"name": name}, lambda: session.say(f"{name} is deleted."))

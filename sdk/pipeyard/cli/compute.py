"""`pipeyard compute`: the targets that steps run on."""

import functools
import json
import sys
from typing import Annotated, Any

import typer

from pipeyard._clients.compute import ComputeClient
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of
from pipeyard.core.compute import AmlCompute, ComputeTarget
from pipeyard.core.workspace import Workspace

app = typer.Typer(help="The compute targets that steps run on.", no_args_is_help=True)

TargetName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the target.", show_default=False)]
Emulated = Annotated[bool, typer.Option("--emulated", help="Use the emulator that a local workspace has.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is done.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Minutes to wait at most.")]
PropertyOptions = Annotated[
    list[str] | None,
    typer.Option("--property", metavar="NAME=VALUE", help="A property; a JSON value or a text. May be repeated."),
]


@app.command("list", epilog="Example: pipeyard compute list --type AmlCompute")
def list_targets(
    context: typer.Context,
    *,
    kind: Annotated[str | None, typer.Option("--type", help="Only targets of this type.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """List compute targets."""
    session = session_of(context, as_json)
    found = [each for each in _client(session).list() if kind in {None, each["type"]}]
    rows = [
        (each["name"], each["type"], each["provisioning_state"], each.get("runs_on") or "nowhere") for each in found
    ]
    columns = ("target", "type", "state", "runs on")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@app.command("show", epilog="Example: pipeyard compute show cpu-cluster")
def show(context: typer.Context, *, name: TargetName, as_json: options.AsJson = False) -> None:
    """Show a compute target and its status."""
    session = session_of(context, as_json)
    found = _client(session).get(name)
    session.result(found, functools.partial(session.table, ("", ""), _rows(found)))


@app.command("nodes", epilog="Example: pipeyard compute nodes cpu-cluster")
def nodes(context: typer.Context, *, name: TargetName, as_json: options.AsJson = False) -> None:
    """List the nodes of a cluster with the step runs that they work for."""
    session = session_of(context, as_json)
    found = _client(session).nodes(name)
    rows = [(str(each.get("nodeId")), str(each.get("nodeState")), each.get("runId") or "") for each in found]
    session.result({"value": found}, functools.partial(session.table, ("node", "state", "step run"), rows))


@app.command("create", epilog="Example: pipeyard compute create cpu-cluster --max-nodes 4 --wait")
def create(
    context: typer.Context,
    *,
    name: TargetName,
    max_nodes: Annotated[int, typer.Option(min=1, help="Most nodes.")],
    min_nodes: Annotated[int, typer.Option(min=0, help="Nodes that are kept while nothing runs.")] = 0,
    vm_size: Annotated[str, typer.Option(help="Size of a node; means nothing on this machine.")] = "STANDARD_D2_V2",
    low_priority: Annotated[bool, typer.Option("--low-priority", help="Cheaper nodes that may be taken away.")] = False,
    idle_seconds: Annotated[int, typer.Option(min=1, help="Idle time before a node is given back.")] = 1800,
    properties: PropertyOptions = None,
    emulated: Emulated = False,
    wait: Wait = False,
    timeout: Timeout = 25,
    as_json: options.AsJson = False,
) -> None:
    """Create a cluster (an AmlCompute)."""
    session = session_of(context, as_json)
    given: dict[str, Any] = {
        "vm_size": vm_size,
        "vm_priority": "lowpriority" if low_priority else "dedicated",
        "min_nodes": min_nodes,
        "max_nodes": max_nodes,
        "idle_seconds_before_scaledown": idle_seconds,
        **({"emulated": True} if emulated else {}),
        **_properties(properties),
    }
    _put(session, name, {"type": "AmlCompute", "attach": False, "properties": given}, timeout if wait else None)


@app.command("attach", epilog="Example: pipeyard compute attach adla --type DataLakeAnalytics --property engine=duckdb")
def attach(
    context: typer.Context,
    *,
    name: TargetName,
    kind: Annotated[str, typer.Option("--type", help="AmlCompute, Databricks, DataLakeAnalytics, DataFactory, ...")],
    resource_id: Annotated[str | None, typer.Option(help="Its resource id in Azure.")] = None,
    workspace_url: Annotated[str | None, typer.Option(help="Address of a Databricks workspace.")] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read an access token from standard input; it is kept as a secret.")
    ] = False,
    properties: PropertyOptions = None,
    emulated: Emulated = False,
    as_json: options.AsJson = False,
) -> None:
    """Make a target known that exists elsewhere. Its connection is tried at once."""
    session = session_of(context, as_json)
    given = {
        "resource_id": resource_id,
        "workspace_url": workspace_url,
        "emulated": emulated or None,
        "access_token": sys.stdin.read().strip() if token_stdin else None,
        **_properties(properties),
    }
    if kind == "AmlCompute" and resource_id is not None:
        given = {**given, **AmlCompute.attach_configuration(resource_id).properties, "resource_id": None}
    given = {key: value for key, value in given.items() if value is not None}
    _put(session, name, {"type": kind, "attach": True, "properties": given}, None)


@app.command("update", epilog="Example: pipeyard compute update cpu-cluster --max-nodes 8 --wait")
def update(
    context: typer.Context,
    *,
    name: TargetName,
    min_nodes: Annotated[int | None, typer.Option(min=0, help="Nodes that are kept while nothing runs.")] = None,
    max_nodes: Annotated[int | None, typer.Option(min=1, help="Most nodes.")] = None,
    idle_seconds: Annotated[int | None, typer.Option(min=1, help="Idle time before a node is given back.")] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read a new access token from standard input.")
    ] = False,
    properties: PropertyOptions = None,
    wait: Wait = False,
    timeout: Timeout = 25,
    as_json: options.AsJson = False,
) -> None:
    """Change a compute target; what is not given stays. A property of null is taken away."""
    session = session_of(context, as_json)
    sizes = {"min_nodes": min_nodes, "max_nodes": max_nodes, "idle_seconds_before_scaledown": idle_seconds}
    given = {key: value for key, value in sizes.items() if value is not None} | _properties(properties)
    if token_stdin:
        given["access_token"] = sys.stdin.read().strip()
    if not given:
        raise typer.BadParameter("Nothing to change is given.")
    _client(session).change(name, {"properties": given})
    _finish(session, name, timeout if wait else None)


@app.command("delete", epilog="Example: pipeyard compute delete cpu-cluster --wait")
def delete(
    context: typer.Context,
    *,
    name: TargetName,
    wait: Wait = False,
    timeout: Timeout = 25,
    as_json: options.AsJson = False,
) -> None:
    """Delete a compute target. What was attached stays as it is in its service."""
    session = session_of(context, as_json)
    target = ComputeTarget(_workspace(session), name)
    left = _client(session).delete(name)
    if wait:
        target.wait_for_completion(show_output=False, timeout_in_minutes=timeout, is_delete_operation=True)
    said = "is being deleted" if left is not None and not wait else "is deleted"
    session.result({"name": name}, lambda: session.say(f"{name} {said}."))


def _put(session: Session, name: str, body: dict[str, Any], wait_minutes: float | None) -> None:
    _client(session).put(name, body)
    _finish(session, name, wait_minutes)


def _finish(session: Session, name: str, wait_minutes: float | None) -> None:
    """Show how a target is doing, once it is done where that is wanted."""
    target = ComputeTarget(_workspace(session), name)
    if wait_minutes is not None:
        target.wait_for_completion(show_output=False, timeout_in_minutes=wait_minutes)
    session.result(target.document, lambda: session.say(f"{target.name}: {target.provisioning_state}"))
    if target.document.get("runs_on") is None:
        session.note(f"Nothing here runs jobs of {target.name}: a step on it will fail and say why.", "yellow")


def _rows(document: dict[str, Any], parent: str = "") -> list[tuple[str, str]]:
    """A document as lines of name and value; what is inside of `status` comes under `status.name`."""
    rows: list[tuple[str, str]] = []
    for key, value in document.items():
        if isinstance(value, dict):
            rows += _rows(value, "" if key == "properties" else f"{parent}{key}.")
        elif isinstance(value, list):
            rows += [(f"{parent}{key}", str(each)) for each in value]
        elif value not in ("", None):
            rows.append((f"{parent}{key}", str(value)))
    return rows


def _properties(words: list[str] | None) -> dict[str, Any]:
    """`NAME=VALUE` words, whose values are JSON where they can be read so."""
    return {name: _value(text) for name, text in options.pairs(words, "--property").items()}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _client(session: Session) -> ComputeClient:
    return ComputeClient(session.client.http)


def _workspace(session: Session) -> Workspace:
    return Workspace.from_config(client=session.client)

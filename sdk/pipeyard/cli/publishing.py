"""`pipeyard publish`, `pipeyard published`, `pipeyard endpoint`: pipelines that are kept to be started later."""

import functools
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._clients.publishing import PublishingClient
from pipeyard.cli import options
from pipeyard.cli.session import Session, faults_of, session_of
from pipeyard.cli.submitting import Wait, report_submitted
from pipeyard.exceptions import UserErrorException

published_app = typer.Typer(help="List, start, enable and disable published pipelines.", no_args_is_help=True)
endpoint_app = typer.Typer(help="One address in front of versions of a pipeline.", no_args_is_help=True)

PublishedId = Annotated[str, typer.Argument(metavar="ID", help="Id of a published pipeline.", show_default=False)]
EndpointName = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name or its id.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Show disabled ones, too.")]
Description = Annotated[str, typer.Option(help="For people.")]
GUID_LENGTH = 36
ACTIVE, DISABLED = "Active", "Disabled"


def publish(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option(help="Name of the published pipeline.")],
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Definition file (JSON).")] = None,
    run: Annotated[str | None, typer.Option(help="Publish what this run ran, instead of a file.")] = None,
    description: Description = "",
    version: Annotated[str, typer.Option(help="Free text, such as 1.2.")] = "",
    parameters: options.Parameters = None,
    continue_on_step_failure: options.Continue = False,
    as_json: options.AsJson = False,
) -> None:
    """Publish a definition file or a run: an immutable pipeline with an address. -p sets new defaults."""
    session = session_of(context, as_json)
    body: dict[str, Any] = {"name": name, "description": description, "version": version}
    if continue_on_step_failure:
        body["continue_on_step_failure"] = True
    if (file is None) == (run is None):
        raise typer.BadParameter("Give a definition file or --run, one of the two.")
    if file is not None:
        body["definition"] = session.load(file).definition
        body["parameters"] = options.typed_parameters(parameters, body["definition"])
    else:
        document = session.client.get_run(session.find_run(run or ""))
        definition = session.client.http.get(f"/api/definitions/{document['definition_id']}")
        body |= {"run_id": document["run_id"], "parameters": options.typed_parameters(parameters, definition)}
    with faults_of(file or Path("the run")):
        published = PublishingClient(session.client.http).publish(body)
    session.result(published, lambda: _show_published(session, published))


@published_app.command("list", epilog="Example: pipeyard published list --all")
def list_published(context: typer.Context, *, everything: All = False, as_json: options.AsJson = False) -> None:
    """List published pipelines, newest first."""
    session = session_of(context, as_json)
    found = list(PublishingClient(session.client.http).list_published(active_only=not everything))
    columns = ("id", "name", "version", "status", "steps", "created")
    rows = [
        (each["id"], each["name"], each["version"], each["status"], str(each["step_count"]), each["created_at"][:19])
        for each in found
    ]
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@published_app.command("show", epilog="Example: pipeyard published show 9f1c...")
def show_published(context: typer.Context, *, published: PublishedId, as_json: options.AsJson = False) -> None:
    """Show a published pipeline: its address, its steps, its parameters and their defaults."""
    session = session_of(context, as_json)
    found = PublishingClient(session.client.http).get_published(published)
    session.result(found, lambda: _show_published(session, found))


@published_app.command("submit", epilog="Example: pipeyard published submit 9f1c... -p alpha=0.2 --wait")
def submit_published(
    context: typer.Context,
    *,
    published: PublishedId,
    parameters: options.Parameters = None,
    experiment: options.ExperimentName = None,
    labels: options.LabelOptions = None,
    wait: Wait = False,
    follow_run: options.Follow = False,
    as_json: options.AsJson = False,
) -> None:
    """Start a published pipeline."""
    session = session_of(context, as_json)
    client = PublishingClient(session.client.http)
    body = _submit_body(client.get_published(published), parameters, experiment, labels)
    report_submitted(session, client.submit_published(published, body), wait=wait, show=follow_run)


@published_app.command("enable", epilog="Example: pipeyard published enable 9f1c...")
def enable_published(context: typer.Context, *, published: PublishedId, as_json: options.AsJson = False) -> None:
    """Let a published pipeline be started again."""
    _set_status(session_of(context, as_json), published, ACTIVE)


@published_app.command("disable", epilog="Example: pipeyard published disable 9f1c...")
def disable_published(context: typer.Context, *, published: PublishedId, as_json: options.AsJson = False) -> None:
    """Refuse new runs of a published pipeline. Runs under way go on."""
    _set_status(session_of(context, as_json), published, DISABLED)


@endpoint_app.command("list", epilog="Example: pipeyard endpoint list")
def list_endpoints(context: typer.Context, *, everything: All = False, as_json: options.AsJson = False) -> None:
    """List endpoints, newest first."""
    session = session_of(context, as_json)
    found = list(PublishingClient(session.client.http).list_endpoints(active_only=not everything))
    columns = ("name", "status", "default", "versions", "id")
    rows = [
        (each["name"], each["status"], each["default_version"], str(len(each["versions"])), each["id"])
        for each in found
    ]
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@endpoint_app.command("show", epilog="Example: pipeyard endpoint show churn")
def show_endpoint(context: typer.Context, *, endpoint: EndpointName, as_json: options.AsJson = False) -> None:
    """Show an endpoint: its address and its versions."""
    session = session_of(context, as_json)
    found = _endpoint(session, endpoint)
    session.result(found, lambda: _show_endpoint(session, found))


@endpoint_app.command("create", epilog="Example: pipeyard endpoint create churn --pipeline 9f1c...")
def create_endpoint(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Unique in the workspace.", show_default=False)],
    pipeline: Annotated[str, typer.Option(help="Id of the published pipeline that becomes version 0.")],
    description: Description = "",
    as_json: options.AsJson = False,
) -> None:
    """Create an endpoint with its first version."""
    session = session_of(context, as_json)
    body = {"name": name, "description": description, "published_pipeline_id": pipeline}
    found = PublishingClient(session.client.http).create_endpoint(body)
    session.result(found, lambda: _show_endpoint(session, found))


@endpoint_app.command("add", epilog="Example: pipeyard endpoint add churn --pipeline 9f1c... --default")
def add_version(
    context: typer.Context,
    *,
    endpoint: EndpointName,
    pipeline: Annotated[str, typer.Option(help="Id of the published pipeline.")],
    default: Annotated[bool, typer.Option("--default", help="Make it the default version.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Add a version."""
    session = session_of(context, as_json)
    client = PublishingClient(session.client.http)
    found = client.add_version(_endpoint(session, endpoint)["id"], pipeline, set_default=default)
    session.result(found, lambda: _show_endpoint(session, found))


@endpoint_app.command("default", epilog="Example: pipeyard endpoint default churn 3")
def set_default(
    context: typer.Context,
    *,
    endpoint: EndpointName,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Such as 3.", show_default=False)],
    as_json: options.AsJson = False,
) -> None:
    """Make a version the one that the address runs."""
    _change_endpoint(session_of(context, as_json), endpoint, {"default_version": version})


@endpoint_app.command("rollback", epilog="Example: pipeyard endpoint rollback churn")
def rollback(
    context: typer.Context,
    *,
    endpoint: EndpointName,
    to_version: Annotated[
        str | None, typer.Option("--to", help="A version; by default the one that was the default before.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Go back to the version that was the default before."""
    session = session_of(context, as_json)
    found = PublishingClient(session.client.http).rollback(_endpoint(session, endpoint)["id"], to_version)
    session.result(found, lambda: _show_endpoint(session, found))


@endpoint_app.command("enable", epilog="Example: pipeyard endpoint enable churn")
def enable_endpoint(context: typer.Context, *, endpoint: EndpointName, as_json: options.AsJson = False) -> None:
    """Let an endpoint start runs again."""
    _change_endpoint(session_of(context, as_json), endpoint, {"status": ACTIVE})


@endpoint_app.command("disable", epilog="Example: pipeyard endpoint disable churn")
def disable_endpoint(context: typer.Context, *, endpoint: EndpointName, as_json: options.AsJson = False) -> None:
    """Refuse new runs. Runs under way go on."""
    _change_endpoint(session_of(context, as_json), endpoint, {"status": DISABLED})


@endpoint_app.command("submit", epilog="Example: pipeyard endpoint submit churn --version 2 -p alpha=0.2")
def submit_endpoint(
    context: typer.Context,
    *,
    endpoint: EndpointName,
    version: Annotated[str | None, typer.Option(help="A version; the default one if not given.")] = None,
    parameters: options.Parameters = None,
    experiment: options.ExperimentName = None,
    labels: options.LabelOptions = None,
    wait: Wait = False,
    follow_run: options.Follow = False,
    as_json: options.AsJson = False,
) -> None:
    """Start an endpoint's default version, or another one."""
    session = session_of(context, as_json)
    client = PublishingClient(session.client.http)
    found = _endpoint(session, endpoint)
    wanted = found["default_version"] if version is None else version
    published = [each["published_pipeline_id"] for each in found["versions"] if each["version"] == wanted]
    if not published:
        known = ", ".join(each["version"] for each in found["versions"])
        raise UserErrorException(f"{found['name']} has no version {wanted}; it has {known}.")
    body = _submit_body(client.get_published(published[0]), parameters, experiment, labels)
    report_submitted(session, client.submit_endpoint(found["id"], version, body), wait=wait, show=follow_run)


def _submit_body(
    published: dict[str, Any], parameters: list[str] | None, experiment: str | None, labels: list[str] | None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "parameters": options.typed_parameters(parameters, published),
        "labels": options.pairs(labels, "--label"),
        "run_source": "CLI",
    }
    return body if experiment is None else {**body, "experiment_name": experiment}


def _endpoint(session: Session, name_or_id: str) -> dict[str, Any]:
    client = PublishingClient(session.client.http)
    looks_like_id = len(name_or_id) == GUID_LENGTH and name_or_id.count("-") == 4  # noqa: PLR2004
    return client.get_endpoint(name_or_id) if looks_like_id else client.get_endpoint_by_name(name_or_id)


def _change_endpoint(session: Session, endpoint: str, changes: dict[str, str]) -> None:
    client = PublishingClient(session.client.http)
    found = client.change_endpoint(_endpoint(session, endpoint)["id"], changes)
    session.result(found, lambda: _show_endpoint(session, found))


def _set_status(session: Session, published: str, status: str) -> None:
    found = PublishingClient(session.client.http).set_published_status(published, status)
    session.result(found, lambda: session.say(f"{found['name']} is {found['status']}."))


def _show_published(session: Session, published: dict[str, Any]) -> None:
    version = f" {published['version']}" if published["version"] else ""
    session.say(f"{published['id']}  {published['name']}{version}: {published['status']}")
    session.say(f"endpoint: {published['endpoint']}")
    session.say(f"steps: {', '.join(published['step_names'])}")
    rows = [
        (name, parameter["type"], "(required)" if parameter["default"] is None else str(parameter["default"]))
        for name, parameter in published["parameters"].items()
    ]
    if rows:
        session.table(("parameter", "type", "default"), rows)


def _show_endpoint(session: Session, endpoint: dict[str, Any]) -> None:
    session.say(f"{endpoint['id']}  {endpoint['name']}: {endpoint['status']}")
    session.say(f"endpoint: {endpoint['endpoint']}")
    rows = [
        (
            each["version"],
            each["published_pipeline_id"],
            "default" if each["version"] == endpoint["default_version"] else "",
        )
        for each in endpoint["versions"]
    ]
    session.table(("version", "published pipeline", ""), rows)

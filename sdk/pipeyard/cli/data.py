"""`pipeyard data`: datastores, the files on them, and datasets."""

import functools
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeyard._clients.datasets import DatasetsClient
from pipeyard._clients.datastores import DatastoresClient
from pipeyard.cli import options
from pipeyard.cli.session import Session, session_of
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

app = typer.Typer(help="Datastores, files on them, and datasets.", no_args_is_help=True)

StoreOption = Annotated[
    str | None, typer.Option("--datastore", "-d", help="A datastore; the workspace's default one if not given.")
]
DatasetName = Annotated[
    str, typer.Argument(metavar="NAME[:VERSION]", help="A registered dataset; its latest version if none is given.")
]
SHOWN_DESCRIPTION = 60


@app.command("stores", epilog="Example: pipeyard data stores")
def stores(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """List datastores."""
    session = session_of(context, as_json)
    found = DatastoresClient(session.client.http).list_datastores()
    rows = [(each["name"], each["type"], _place(dict(each)), "default" if each["is_default"] else "") for each in found]
    columns = ("datastore", "type", "place", "")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@app.command("default", epilog="Example: pipeyard data default training")
def default(
    context: typer.Context,
    *,
    datastore: Annotated[str, typer.Argument(metavar="DATASTORE", show_default=False)],
    as_json: options.AsJson = False,
) -> None:
    """Make a datastore the one that pipelines use where they name none."""
    session = session_of(context, as_json)
    DatastoresClient(session.client.http).set_default(datastore)
    session.result({"name": datastore}, lambda: session.say(f"{datastore} is the default datastore."))


@app.command("files", epilog="Example: pipeyard data files iris/")
def files(
    context: typer.Context,
    *,
    prefix: Annotated[str, typer.Argument(metavar="[PREFIX]", help="Files whose path begins so.")] = "",
    datastore: StoreOption = None,
    as_json: options.AsJson = False,
) -> None:
    """List files on a datastore."""
    session = session_of(context, as_json)
    name = datastore or _workspace(session).get_default_datastore().name
    found = DatastoresClient(session.client.http).list_files(name, prefix)
    rows = [(each["path"], str(each["size"])) for each in found]
    session.result({"value": found}, functools.partial(session.table, ("path", "bytes"), rows))


@app.command("upload", epilog="Example: pipeyard data upload data/ --to iris --overwrite")
def upload(
    context: typer.Context,
    *,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A file or a folder.", show_default=False)],
    target: Annotated[str, typer.Option("--to", help="Folder on the datastore.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    datastore: StoreOption = None,
    as_json: options.AsJson = False,
) -> None:
    """Upload a file or a folder."""
    session = session_of(context, as_json)
    store = _datastore(session, datastore)
    if not source.exists():
        raise UserErrorException(f"{source} does not exist.")
    if source.is_dir():
        store.upload(str(source), target_path=target or None, overwrite=overwrite, show_progress=not as_json)
    else:
        store.upload_files([str(source)], target_path=target or None, overwrite=overwrite, show_progress=not as_json)
    place = f"{store.name}/{target}".rstrip("/")
    session.result({"datastore": store.name, "path": target}, lambda: session.say(f"Uploaded {source} to {place}."))


@app.command("download", epilog="Example: pipeyard data download iris/ --to data")
def download(
    context: typer.Context,
    *,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Files whose path begins so.", show_default=False)],
    target: Annotated[Path, typer.Option("--to", help="Local folder.")] = Path(),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    datastore: StoreOption = None,
    as_json: options.AsJson = False,
) -> None:
    """Download files; they keep their whole path below the folder."""
    session = session_of(context, as_json)
    store = _datastore(session, datastore)
    count = store.download(str(target), prefix=prefix, overwrite=overwrite, show_progress=not as_json)
    session.result({"files": count}, lambda: session.say(f"{count} file{'s' if count != 1 else ''} downloaded."))


@app.command("datasets", epilog="Example: pipeyard data datasets")
def datasets(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """List registered datasets with their latest version."""
    session = session_of(context, as_json)
    found: list[dict[str, Any]] = [dict(each) for each in DatasetsClient(session.client.http).registered()]
    rows = [
        (each["name"], str(each["version"]), each["type"], each["description"][:SHOWN_DESCRIPTION]) for each in found
    ]
    columns = ("dataset", "version", "type", "description")
    session.result({"value": found}, functools.partial(session.table, columns, rows))


@app.command("profile", epilog="Example: pipeyard data profile iris:2")
def profile(context: typer.Context, *, dataset: DatasetName, as_json: options.AsJson = False) -> None:
    """Show the statistics of a dataset's columns; they are kept with the version."""
    session = session_of(context, as_json)
    found = _dataset(session, dataset).get_profile()
    session.result(found.to_dict(), lambda: session.say(str(found)))


@app.command("diff", epilog="Example: pipeyard data diff iris:1 iris:2")
def diff(context: typer.Context, *, before: DatasetName, after: DatasetName, as_json: options.AsJson = False) -> None:
    """Show what differs between two datasets or versions: files, columns, rows, statistics."""
    session = session_of(context, as_json)
    found = _dataset(session, before).diff(_dataset(session, after))
    session.result(found.to_dict(), lambda: session.say(str(found)))


def _workspace(session: Session) -> Workspace:
    return Workspace(session.client.http.location.url, client=session.client)


def _datastore(session: Session, name: str | None) -> Any:
    """The datastore of a name. Its class follows from its type, which only the workspace knows."""
    workspace = _workspace(session)
    if name is None:
        return workspace.get_default_datastore()
    found = workspace.datastores.get(name)
    if found is None:
        raise UserErrorException(f"There is no datastore {name!r}, only {', '.join(sorted(workspace.datastores))}.")
    return found


def _dataset(session: Session, name_and_version: str) -> Any:
    from pipeyard.core.dataset import Dataset  # noqa: PLC0415  (datasets are loaded when they are asked for)

    name, _, version = name_and_version.partition(":")
    return Dataset.get_by_name(_workspace(session), name, version or "latest")


def _place(datastore: dict[str, Any]) -> str:
    parts = [datastore.get("account_name"), datastore.get("container"), datastore.get("path")]
    return "/".join(part for part in parts if part)

"""v1's `path` arguments as sources of a dataset's definition."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeyard._core.datasets import DatasetSource
from pipeyard.data.data_reference import DataReference
from pipeyard.data.datapath import DataPath
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.datastore import Datastore
    from pipeyard.core.workspace import Workspace

WEB = frozenset({"http", "https"})
AZURE = frozenset({"wasb", "wasbs", "abfs", "abfss", "adl", "azureml"})
PAIR = 2

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def read_sources(path: Any) -> "tuple[Workspace, tuple[DatasetSource, ...]]":
    """The workspace and the sources that a `path` argument names.

    Addresses of the web are fetched and copied to the default datastore, as `pipeyard.data._web_files` says.

    Raises:
        UserErrorException: Something is no path, or the paths lie in several workspaces.
    """
    places = list(_flatten(path))
    if not places:
        raise UserErrorException("A dataset needs at least one path.")
    stores = [place[0] for place in places if not isinstance(place, str)]
    workspace = stores[0].workspace if stores else _found_workspace()
    if len({store.workspace.url for store in stores}) > 1:
        raise UserErrorException("The paths of a dataset must lie on datastores of one workspace.")
    sources = tuple(_source(workspace, place) for place in places)
    return workspace, sources


def read_target(target: Any) -> "tuple[Datastore, str]":
    """A place to write to: a datastore, a DataPath or `(datastore, path)`.

    Raises:
        UserErrorException: It is none of them.
    """
    if isinstance(target, DataPath):
        return target.datastore, _plain(target.path_on_datastore)
    if _is_datastore(target):
        return target, ""
    if _is_pair(target) and isinstance(target[1], str | None):
        return target[0], _plain(target[1])
    raise UserErrorException(f"{target!r} is no target. Use a datastore, a DataPath or (datastore, 'path').")


def _source(workspace: "Workspace", place: "str | tuple[Datastore, str]") -> DatasetSource:
    if isinstance(place, str):
        from pipeyard.data._web_files import keep_web_file  # noqa: PLC0415  (httpx is loaded when it is used)

        return keep_web_file(workspace, place)
    return DatasetSource(datastore=place[0].name, path=place[1])


def _flatten(path: Any) -> "Iterator[str | tuple[Datastore, str]]":
    """Each place as an address of the web or as (datastore, path)."""
    if isinstance(path, str):
        yield _web_address(path)
    elif isinstance(path, DataPath | DataReference):
        yield path.datastore, _plain(path.path_on_datastore)
    elif _is_pair(path):
        inner = path[1] if isinstance(path[1], list | tuple) else [path[1]]
        for each in inner:
            yield path[0], _plain(each)
    elif isinstance(path, Sequence):
        for each in path:
            yield from _flatten(each)
    else:
        raise UserErrorException(
            f"{path!r} is no path. Use (datastore, 'path'), a DataPath, an http or https address, or a list of those."
        )


def _web_address(path: str) -> str:
    found = _SCHEME.match(path)
    scheme = found.group(1).lower() if found else ""
    if scheme in WEB:
        return path
    if scheme in AZURE:
        raise UserErrorException(
            f"{path!r} names Azure storage directly, which is not offered: the workspace would not know how to "
            "sign in. Register the container with Datastore.register_azure_blob_container or "
            "Datastore.register_azure_data_lake_gen2, and use (datastore, 'path')."
        )
    raise UserErrorException(
        f"{path!r} is a path of this machine, which other machines cannot read. Upload it first, with "
        "Dataset.File.upload_directory or datastore.upload_files, and use (datastore, 'path')."
    )


def _plain(path: str | None) -> str:
    """A path without what means nothing: leading `/` and `./`."""
    text = (path or "").replace("\\", "/").strip("/")
    text = "" if text in {"", "."} else PurePosixPath(text).as_posix()
    if ".." in text.split("/"):
        raise UserErrorException(f"The path {path!r} leaves its datastore.")
    return text


def _is_datastore(value: object) -> bool:
    return hasattr(value, "workspace") and hasattr(value, "name")


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == PAIR and _is_datastore(value[0])


def _found_workspace() -> "Workspace":
    from pipeyard.core.workspace import Workspace  # noqa: PLC0415  (the modules name each other)

    return Workspace.from_config()


def name_of_address(address: str) -> str:
    """The file name at the end of an address."""
    return urlsplit(address).path.rstrip("/").rpartition("/")[2] or "file"

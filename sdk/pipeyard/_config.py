"""Where the workspace is: `PIPEYARD_URL`, else a configuration file found as v1 found its own, else this machine.

In the working directory and then in each parent, the first of these files that exists wins: `config.json`,
`.pipeyard/config.json`, `.azureml/config.json`, and `.pipeyard/workspace.json`, which a running local workspace
writes. Each holds `{"url": "https://..."}`. A plain `config.json` with neither `url` nor v1's `workspace_name`
belongs to some other program and is passed over.

A file that v1 wrote (`subscription_id`, `resource_group`, `workspace_name`) says who the workspace is, not where: its
names are kept to be shown, and the search for an address goes on.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeyard.exceptions import UserErrorException

DEFAULT_URL = "http://127.0.0.1:7071"
URL_VARIABLE = "PIPEYARD_URL"
IDENTITY_KEYS = ("subscription_id", "resource_group", "workspace_name", "location")
CONFIG_FILES = ("config.json", ".pipeyard/config.json", ".azureml/config.json", ".pipeyard/workspace.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceLocation:
    """A workspace's address.

    Attributes:
        url: Base URL without a trailing slash.
        source: How it was found, to follow "from" in a sentence.
        identity: v1's names of the workspace, as a configuration file gives them.
    """

    url: str
    source: str
    identity: Mapping[str, str] = field(default_factory=dict)


def find_workspace(path: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> WorkspaceLocation:
    """Find the workspace's address.

    Args:
        path: A configuration file, or the directory where the search begins; None means the working directory.
        environment: Where `PIPEYARD_URL` is looked up; it wins over every file.

    Raises:
        UserErrorException: A file is broken or does not exist, or an address is not one.
    """
    start = Path.cwd() if path is None else Path(path).absolute()
    if url := environment.get(URL_VARIABLE):
        return replace(location_of(url, f"the environment variable {URL_VARIABLE}"), identity=_identity_below(start))
    if path is not None and not start.exists():
        raise UserErrorException(f"{start} does not exist, so no workspace can be read from it.")
    v1: tuple[Path, dict[str, str]] | None = None
    for file in [start] if start.is_file() else _candidates(start):
        document = _read_object(file)
        if "url" not in document and "workspace_name" in document:
            v1 = v1 or (file, _identity(document))
        elif start.is_file() or file.parent.name.startswith(".") or "url" in document:
            found = _read_url(file, document)
            return replace(found, identity=v1[1] if v1 else _identity(document))
    source = f"the default, since neither {URL_VARIABLE} nor a config.json names another"
    if v1 is not None:
        source += f'; {v1[0]} names an Azure ML workspace: add "url" with the address of your Pipeyard workspace'
    return WorkspaceLocation(url=DEFAULT_URL, source=source, identity=v1[1] if v1 else {})


def location_of(url: str, source: str) -> WorkspaceLocation:
    """The workspace at an address.

    Raises:
        UserErrorException: It is none.
    """
    if not url.startswith(("http://", "https://")):
        raise UserErrorException(f"{url!r}, from {source}, is no address: it must begin with http:// or https://.")
    return WorkspaceLocation(url=url.rstrip("/"), source=source)


def _identity(document: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(document[key]) for key in IDENTITY_KEYS if isinstance(document.get(key), str)}


def _identity_below(start: Path) -> dict[str, str]:
    """v1's names, where the address comes from elsewhere: a file that cannot be read is no matter then."""
    for file in [start] if start.is_file() else _candidates(start):
        try:
            identity = _identity(_read_object(file))
        except UserErrorException:
            continue
        if identity:
            return identity
    return {}


def _candidates(start: Path) -> Iterator[Path]:
    for directory in (start, *start.parents):
        for name in CONFIG_FILES:
            file = directory / name
            if file.is_file():
                yield file


def _read_object(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"The workspace configuration {file} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise UserErrorException(f'The workspace configuration {file} must be an object such as {{"url": "..."}}.')
    return document


def _read_url(file: Path, document: dict[str, Any]) -> WorkspaceLocation:
    url = document.get("url")
    if not isinstance(url, str) or not url:
        raise UserErrorException(
            f'The workspace configuration {file} has no "url". Add the address of your Pipeyard workspace, '
            f'such as "url": "{DEFAULT_URL}".'
        )
    return location_of(url, f"the file {file}")

"""What tells one content of a file on Databricks from another: files and notebooks there change outside of git."""

import hashlib

from shared.adapters.databricks.api import DatabricksApi
from shared.core.databricks import place_of
from shared.core.errors import BackendError


def content_mark(api: DatabricksApi, path: str) -> str:
    """A digest of what the workspace keeps; size and time of a file on a volume or in DBFS.

    Raises:
        BackendError: There is no such file, or nobody here can look at it.
    """
    place = place_of(path)
    if place == "workspace":
        return _workspace_digest(api, path)
    if place == "volumes":
        found = api.volume_file(path)
        return _facts(path, found.get("content-length"), found.get("last-modified"))
    if place == "dbfs":
        found = api.dbfs_file("/" + path.removeprefix("dbfs:").lstrip("/"))
        return _facts(path, found.get("file_size"), found.get("modification_time"))
    raise BackendError(f"{path} is on storage that only a cluster can look at.")


def _workspace_digest(api: DatabricksApi, path: str) -> str:
    kind = api.object_type(path)
    if kind is None:
        raise BackendError(f"Databricks has no {path}.")
    # A notebook's source has no outputs, which change with every look at them; files have one form only.
    content = api.export(path, "SOURCE" if kind == "NOTEBOOK" else "AUTO")
    return hashlib.sha256(content).hexdigest()


def _facts(path: str, size: object, time: object) -> str:
    if size is None or time is None:
        raise BackendError(f"Databricks tells neither size nor time of {path}.")
    return hashlib.sha256(f"{size} bytes, {time}".encode()).hexdigest()

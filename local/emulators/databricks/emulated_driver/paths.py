"""Where the paths of a Databricks workspace lie on this machine."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from .task import Task

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Paths:
    """Local paths of a task's URIs, of workspace files, of volumes and of DBFS."""

    def __init__(self, task: Task) -> None:
        self._places = sorted(task.places.items(), key=lambda place: -len(place[0]))
        self._roots = {"Workspace": Path(task.workspace), "Volumes": Path(task.volumes)}
        self._dbfs = Path(task.dbfs)
        self._own = [Path(task.workspace).parent, Path(task.volumes).parent, Path(task.scratch).parent]

    def local(self, path: str) -> Path:
        """Local path for a path or URI, as `dbutils.fs` takes them: one without a scheme is of DBFS.

        A local path of the task's own, which is what its parameters hold, stands for itself.

        Raises:
            FileNotFoundError: The URI is not below any that the task was given.
        """
        if _SCHEME.match(path) and not path.startswith(("file:", "dbfs:")):
            return self._of_uri(path)
        if path.startswith("file:"):
            return Path(re.sub(r"^file:/*", "/", path))
        path = re.sub(r"^dbfs:/*", "/", path)
        if any(Path(path).is_relative_to(folder) for folder in self._own):
            return Path(path)
        return self._below_root(path) or self._dbfs / path.lstrip("/")

    def notebook(self, path: str, beside: Path) -> Path:
        """File of a notebook that another one names.

        Raises:
            FileNotFoundError: There is none.
        """
        root = self._roots["Workspace"]
        inside = self._below_root(path) or root / path.lstrip("/") if path.startswith("/") else beside.parent / path
        if inside.is_file():
            return inside
        raise FileNotFoundError(f"Notebook not found: {path}")

    def _below_root(self, path: str) -> Path | None:
        parts = PurePosixPath(path).parts
        if parts[:1] != ("/",) or len(parts) == 1 or parts[1] not in self._roots:
            return None
        return self._roots[parts[1]].joinpath(*parts[2:])

    def _of_uri(self, uri: str) -> Path:
        for place, local in self._places:
            if uri == place or uri.startswith(place.rstrip("/") + "/"):
                return Path(local, uri[len(place) :].lstrip("/"))
        raise FileNotFoundError(
            f"{uri} is not below a URI of this task's parameters. "
            "The emulator fetches what parameters name; pass the URI as a parameter."
        )

"""The tree of the workspace: folders, files and notebooks, as files on disk, so that jobs can read them by path.

`/Workspace/Users/x/a.py` and `/Users/x/a.py` are one object. A notebook lies there as its source; what makes it one is
a note in a second tree of the same shape.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Any

from local.emulators.databricks.errors import ApiError, exists, invalid, missing

NOTEBOOK_HEADERS = {
    "PYTHON": "# Databricks notebook source",
    "SCALA": "// Databricks notebook source",
    "SQL": "-- Databricks notebook source",
    "R": "# Databricks notebook source",
}
"""First line of a notebook's source, by language."""
_LANGUAGES = {".py": "PYTHON", ".scala": "SCALA", ".sql": "SQL", ".r": "R"}
_PREFIX = "Workspace"


@dataclass(frozen=True, slots=True)
class Import:
    """What is to be imported: `format` is SOURCE, RAW or AUTO."""

    content: bytes
    format: str
    language: str | None
    overwrite: bool


class WorkspaceFiles:
    """The workspace's objects.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / _PREFIX
        self._notes = folder / "notebooks"
        for name in ("Users", "Shared"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def local(self, path: str) -> Path:
        """Where an object of this path lies, or would lie, on this machine.

        Raises:
            ApiError: The path is none.
        """
        return self.root / _relative(path)

    def is_notebook(self, path: str) -> bool:
        """Whether there is a notebook at the path."""
        return self._note(path).is_file() and self.local(path).is_file()

    def status(self, path: str) -> dict[str, Any]:
        """Describe the object at a path.

        Raises:
            ApiError: There is none.
        """
        local = self.local(path)
        name = _name(path)
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest())
        if local.is_dir():
            return {"object_type": "DIRECTORY", "path": name, "object_id": number, "resource_id": str(number)}
        if not local.is_file():
            raise missing(f"Path ({path}) doesn't exist.")
        facts = local.stat()
        times = {"created_at": int(facts.st_ctime * 1000), "modified_at": int(facts.st_mtime * 1000)}
        common = {"path": name, "object_id": number, "resource_id": str(number), **times}
        if self.is_notebook(path):
            return {"object_type": "NOTEBOOK", "language": self._language(path), **common}
        return {"object_type": "FILE", "size": facts.st_size, **common}

    def listing(self, path: str) -> list[dict[str, Any]]:
        """Describe what is directly below a folder, or the object itself.

        Raises:
            ApiError: There is nothing at the path.
        """
        described = self.status(path)
        if described["object_type"] != "DIRECTORY":
            return [described]
        return [self.status(f"{described['path']}/{child.name}") for child in sorted(self.local(path).iterdir())]

    def make_folders(self, path: str) -> None:
        """Create a folder and those above it.

        Raises:
            ApiError: An object is in the way.
        """
        try:
            self.local(path).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise exists(f"Path ({path}) or one above it is an object, not a directory.") from error

    def put(self, path: str, given: Import) -> None:
        """Import an object.

        With AUTO, source that begins as a notebook does becomes one, and loses its extension; with RAW it stays a file.

        Raises:
            ApiError: It is there already, its folder is not, or format and content do not go together.
        """
        language = self._notebook_language(path, given)
        name = path if language is None or given.format == "SOURCE" else _without_extension(path, language)
        local = self.local(name)
        if not local.parent.is_dir():
            raise missing(f"The parent folder ({_name(str(PurePosixPath(name).parent))}) does not exist.")
        if local.is_dir():
            raise exists(f"Path ({name}) is a directory.")
        if local.exists() and not given.overwrite:
            raise exists(f"Path ({name}) already exists.")
        _write(local, given.content if language is None else _with_header(given.content, language))
        self._note(name).unlink(missing_ok=True)
        if language is not None:
            _write(self._note(name), json.dumps({"language": language}).encode())

    def content(self, path: str) -> bytes:
        """Export an object.

        Raises:
            ApiError: There is none, or it is a folder.
        """
        if self.status(path)["object_type"] == "DIRECTORY":
            raise invalid(f"Path ({path}) is a directory; the emulator exports single objects.")
        return self.local(path).read_bytes()

    def delete(self, path: str, *, recursive: bool) -> None:
        """Delete an object, or a folder.

        Raises:
            ApiError: There is none, or the folder is not empty and `recursive` was not said.
        """
        local = self.local(path)
        if self.status(path)["object_type"] != "DIRECTORY":
            local.unlink()
            self._note(path).unlink(missing_ok=True)
            return
        if local == self.root:
            raise invalid("The root of the workspace cannot be deleted.")
        if any(local.iterdir()) and not recursive:
            message = f"Folder {path} is not empty"
            raise ApiError(HTTPStatus.BAD_REQUEST, "DIRECTORY_NOT_EMPTY", message)
        shutil.rmtree(local)
        shutil.rmtree(self._notes / _relative(path), ignore_errors=True)

    def _notebook_language(self, path: str, given: Import) -> str | None:
        """Language of the notebook that an import makes; None where it makes a file."""
        by_extension = _LANGUAGES.get(PurePosixPath(path).suffix.lower())
        if given.format == "SOURCE":
            language = given.language or by_extension
            if language is None:
                raise invalid("The parameter 'language' is required for format SOURCE.")
            return language
        if given.format == "RAW" or by_extension is None:
            return None
        first = given.content.split(b"\n", 1)[0].strip().decode("utf-8", "replace")
        return by_extension if first == NOTEBOOK_HEADERS[by_extension] else None

    def _language(self, path: str) -> str:
        return str(json.loads(self._note(path).read_text(encoding="utf-8"))["language"])

    def _note(self, path: str) -> Path:
        relative = _relative(path)
        return self._notes / relative.parent / f"{relative.name}.notebook"


def relative_path(path: str, what: str) -> PurePosixPath:
    """An absolute path without its slash.

    Raises:
        ApiError: It is not absolute or leaves its root.
    """
    if not path.startswith("/"):
        raise invalid(f"{what} ({path}) must be absolute, i.e. begin with '/'.")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path:
        raise invalid(f"{what} ({path}) must not contain '..'.")
    return PurePosixPath(*parts)


def _relative(path: str) -> PurePosixPath:
    found = relative_path(path, "Path")
    return PurePosixPath(*found.parts[1:]) if found.parts[:1] == (_PREFIX,) else found


def _name(path: str) -> str:
    relative = _relative(path)
    return "/" if relative == PurePosixPath() else f"/{relative}"


def _without_extension(path: str, language: str) -> str:
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) if _LANGUAGES.get(suffix.lower()) == language else path


def _with_header(content: bytes, language: str) -> bytes:
    header = NOTEBOOK_HEADERS[language].encode()
    return content if content.startswith(header) else header + b"\n" + content


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(content)
    draft.replace(file)

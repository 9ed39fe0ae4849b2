"""`dbutils.fs`: files of volumes, of the workspace, of DBFS, and of the URIs that the task was given."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

from .paths import Paths

_HEAD_BYTES = 65536


class FileInfo(NamedTuple):
    """One entry of a listing."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 -- Databricks' name

    def isDir(self) -> bool:  # noqa: N802 -- Databricks' name
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802 -- Databricks' name
        """Whether it is a file."""
        return not self.isDir()


class FileSystem:
    """The commands of `dbutils.fs`; every path is one that `Paths` knows."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def ls(self, path: str) -> list[FileInfo]:
        """List a folder, or one file."""
        local = self._existing(path)
        if local.is_file():
            return [_info(path.rstrip("/"), local)]
        return [_info(f"{path.rstrip('/')}/{child.name}", child) for child in sorted(local.iterdir())]

    def head(self, file: str, max_bytes: int = _HEAD_BYTES) -> str:
        """The first bytes of a file, as text."""
        with self._existing(file).open("rb") as read:
            return read.read(max_bytes).decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:  # noqa: FBT001, FBT002 -- Databricks' signature
        """Write a text to a file."""
        local = self._paths.local(file)
        if local.exists() and not overwrite:
            raise FileExistsError(f"{file} already exists; pass overwrite=True.")
        local.parent.mkdir(parents=True, exist_ok=True)
        local.write_text(contents, encoding="utf-8", newline="")
        print(f"Wrote {len(contents.encode())} bytes.")
        return True

    def cp(self, source: str, destination: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002 -- Databricks' signature
        """Copy a file, or a folder with `recurse`."""
        start, end = self._existing(source), self._paths.local(destination)
        if start.is_dir():
            if not recurse:
                raise IsADirectoryError(f"{source} is a directory; pass recurse=True.")
            shutil.copytree(start, end, dirs_exist_ok=True)
            return True
        end = end / start.name if end.is_dir() or destination.endswith("/") else end
        end.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(start, end)
        return True

    def mv(self, source: str, destination: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002 -- Databricks' signature
        """Move a file, or a folder with `recurse`."""
        return self.cp(source, destination, recurse) and self.rm(source, recurse)

    def rm(self, path: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002 -- Databricks' signature
        """Delete a file, or a folder with `recurse`; False where there is nothing."""
        local = self._paths.local(path)
        if not local.exists():
            return False
        if not local.is_dir():
            local.unlink()
        elif recurse:
            shutil.rmtree(local)
        elif any(local.iterdir()):
            raise OSError(f"{path} is not empty; pass recurse=True.")
        else:
            local.rmdir()
        return True

    def mkdirs(self, path: str) -> bool:
        """Create a folder and those above it."""
        self._paths.local(path).mkdir(parents=True, exist_ok=True)
        return True

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(
            f"The emulator has no dbutils.fs.{name}; it has ls, head, put, cp, mv, rm and mkdirs."
        )

    def _existing(self, path: str) -> Path:
        local = self._paths.local(path)
        if not local.exists():
            raise FileNotFoundError(f"No such file or directory: {path}")
        return local


def _info(path: str, local: Path) -> FileInfo:
    facts = local.stat()
    modified = int(facts.st_mtime * 1000)
    if local.is_dir():
        return FileInfo(path + "/", local.name + "/", 0, modified)
    return FileInfo(path, local.name, facts.st_size, modified)

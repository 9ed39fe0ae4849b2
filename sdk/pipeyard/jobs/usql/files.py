"""Files that scripts read: which ones fit a pattern, and in which encoding they are."""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeyard._core.usql.file_sets import FileSet
from pipeyard.exceptions import UserErrorException


def find_files(files: FileSet) -> list[tuple[str, dict[str, str]]]:
    """Paths that fit, in their order, each with the values that its path gives.

    Raises:
        UserErrorException: There is none.
    """
    if not files.holes:
        if not Path(files.pattern).is_file():
            kind = (
                "is a folder: name a file, or write a pattern such as `{*}.csv`" if _is_dir(files) else "is not there"
            )
            raise UserErrorException(f"The file {files.pattern} {kind}.")
        return [(files.pattern, {})]
    found = [(path, values) for path in _below(files.folder) if (values := files.match(path)) is not None]
    if not found:
        raise UserErrorException(f"No file fits the pattern {files.pattern}.")
    return sorted(found, key=lambda each: each[0])


def _is_dir(files: FileSet) -> bool:
    return Path(files.pattern).is_dir()


def _below(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder or "."):
        for name in names:
            path = f"{Path(parent).as_posix().rstrip('/')}/{name}" if folder else (Path(parent) / name).as_posix()
            yield path


def as_utf8(path: str, encoding: str, target: Path) -> str:
    """A path of the same text in UTF-8, which may be the file itself.

    Raises:
        UserErrorException: The file is in another encoding.
    """
    if encoding == "utf-8":
        return path
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with (
            opened(path, "rt", encoding=encoding, newline="") as source,
            target.open("w", encoding="utf-8", newline="") as copy,
        ):
            first = source.read(1)
            copy.write("" if first == "\ufeff" else first)
            shutil.copyfileobj(source, copy, 1024 * 1024)
    except UnicodeError as error:
        raise UserErrorException(f"The file {path} is not in the encoding that EXTRACT names: {error}") from error
    return str(target)

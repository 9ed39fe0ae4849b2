"""A backup on disk, and its way back into a workspace.

It is a folder, or a zip of one, with `backup.jsonl` (the lines that the workspace gave) and `files/<digest>` (the bytes
of the snapshots that they name).
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from pipeyard import _wire
from pipeyard._client import Client
from pipeyard._clients.maintenance import MaintenanceClient
from pipeyard.exceptions import ServiceException, UserErrorException

LINES = "backup.jsonl"
_CHUNK_BYTES = 8 << 20
"""Lines are sent in portions of about this size."""

type Json = dict[str, Any]


class _Archive(AbstractContextManager["_Archive"], Protocol):
    def write(self, name: str, data: bytes) -> None: ...

    def read(self, name: str) -> bytes: ...


class _Folder:
    """Files below a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        path = self._path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def read(self, name: str) -> bytes:
        """Read a file."""
        return (self._path / name).read_bytes()


class _Zip:
    """Members of a zip."""

    def __init__(self, path: Path, mode: Any) -> None:
        self._zip = zipfile.ZipFile(path, mode, zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def write(self, name: str, data: bytes) -> None:
        """Write a member."""
        self._zip.writestr(name, data)

    def read(self, name: str) -> bytes:
        """Read a member."""
        return self._zip.read(name)


def save(client: Client, target: Path) -> dict[str, int]:
    """Write a backup of a workspace to a new folder, or to a zip where the name ends so.

    Returns:
        How many lines of each sort it has, and how many files.

    Raises:
        UserErrorException: There is something of this name already.
        ServiceException: A file's bytes are not what its digest says.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UserErrorException(f"{target} exists already. Give the backup a name of its own.")
    counts: dict[str, int] = {}
    lines: list[bytes] = []
    with _open(target, "w") as archive:
        written: set[str] = set()
        for line in MaintenanceClient(client.http).backup():
            sort = line["kind"] if line["type"] == "record" else line["type"]
            if sort == "snapshot":
                if line["id"] in written:
                    continue
                written.add(line["id"])
                for sha256, url in line.pop("addresses").items():
                    if sha256 not in written:
                        archive.write(f"files/{sha256}", _fetch(client, sha256, url))
                        written.add(sha256)
                        counts["file"] = counts.get("file", 0) + 1
            counts[sort] = counts.get(sort, 0) + 1
            lines.append(json.dumps(line).encode() + b"\n")
        lines.append(json.dumps({"type": "end", "lines": len(lines)}).encode() + b"\n")
        archive.write(LINES, b"".join(lines))
    counts.pop("backup", None)
    return counts


def put_back(client: Client, source: Path, *, conflict: str, dry_run: bool) -> Json:
    """Restore a backup. All of it is checked, every line by a dry run, before the first one is written.

    Returns:
        What the workspace says of all lines together.

    Raises:
        UserErrorException: There is no backup of this name, or the workspace refuses a line.
    """
    maintenance = MaintenanceClient(client.http)
    try:
        with _open(source, "r") as archive:
            header, *lines = _whole(source, archive)
            checked = _sent(maintenance, header, lines, conflict=conflict, dry_run=True)
            if dry_run:
                return checked
            for line in lines:
                if line["type"] == "snapshot":
                    _upload(client, archive, line)
            return _sent(maintenance, header, lines, conflict=conflict, dry_run=False)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise UserErrorException(f"{source} cannot be read as a backup: {error}") from error


def _whole(source: Path, archive: _Archive) -> list[Json]:
    """The lines without the last one, which says how many there are.

    Raises:
        UserErrorException: Some are missing, or a file is missing or not what its digest says.
    """
    *lines, end = [json.loads(line) for line in archive.read(LINES).splitlines()]
    if end.get("type") != "end" or end.get("lines") != len(lines):
        message = f"{source} is not whole: {LINES} has been cut off or changed. Take another copy of the backup."
        raise UserErrorException(message)
    wanted = {file["sha256"] for line in lines if line["type"] == "snapshot" for file in line["files"]}
    for sha256 in sorted(wanted):
        if hashlib.sha256(archive.read(f"files/{sha256}")).hexdigest() != sha256:
            message = f"{source} is damaged: files/{sha256} is not what its name says. Take another copy of the backup."
            raise UserErrorException(message)
    return lines


def _open(path: Path, mode: str) -> _Archive:
    return _Zip(path, mode) if path.suffix == ".zip" else _Folder(path)


def _fetch(client: Client, sha256: str, url: str) -> bytes:
    with client.http.stream(url) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ServiceException(f"The workspace's file {sha256} is not what its digest says.")
    return data


def _upload(client: Client, archive: _Archive, line: Json) -> None:
    files = [_wire.FileDocument(path=file["path"], size=file["size"], sha256=file["sha256"]) for file in line["files"]]
    for sha256 in client.register_snapshot(files)["missing"]:
        client.put_snapshot_file(sha256, archive.read(f"files/{sha256}"))
    answer = client.register_snapshot(files)
    if answer["snapshot_id"] != line["id"]:
        raise ServiceException(f"The workspace names the snapshot {line['id']} {answer['snapshot_id']} instead.")


def _sent(maintenance: MaintenanceClient, header: Json, lines: list[Json], *, conflict: str, dry_run: bool) -> Json:
    total: Json = {"dry_run": dry_run, "definitions": 0, "records": {}, "conflicts": []}
    total |= {"missing_secrets": [], "warnings": []}
    for chunk in _chunks([line for line in lines if line["type"] != "snapshot"]):
        report = maintenance.restore([header, *chunk], conflict=conflict, dry_run=dry_run)
        total["definitions"] += report["definitions"]
        for kind, counts in report["records"].items():
            known: Mapping[str, int] = total["records"].get(kind, {})
            total["records"][kind] = {name: count + known.get(name, 0) for name, count in counts.items()}
        for name in ("conflicts", "missing_secrets", "warnings"):
            total[name] += report[name]
    return total


def _chunks(lines: list[Json]) -> Iterator[list[Json]]:
    chunk: list[Json] = []
    size = 0
    for line in lines:
        line_size = len(json.dumps(line))
        if chunk and size + line_size > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += line_size
    yield chunk

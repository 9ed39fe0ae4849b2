"""A copy of what people made: the catalogue's records, and the definitions and snapshots that they refer to.

The copy is lines of JSON, in parts, because one answer has limits in size and time. Secrets are in no line: records
name them. Bytes of files are in none either: a line has their addresses, which work for an hour.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.core import names
from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Fault, InvalidDocument, NotFound
from shared.core.modules import Module
from shared.core.publishing import PipelineDraft, PublishedPipeline
from shared.services.documents import snapshot_file_blob
from shared.services.maintenance.kinds import BACKED_UP
from shared.services.workspace import Workspace

MEDIA_TYPE = "application/x-ndjson"
VERSION = 1
"""Of the lines' form."""
_RECORDS_PER_PART = 25
_ADDRESS_VALIDITY = timedelta(hours=1)

type Line = dict[str, Any]


def backup_page(workspace: Workspace, continuation_token: str | None) -> str:
    """One part of a copy: a first line about itself, then lines, then one that says where it goes on.

    Raises:
        InvalidDocument: The token was not made by an earlier part.
    """
    number, token = _position(continuation_token)
    kind = BACKED_UP[number]
    page = workspace.services.catalogue.page(kind, _RECORDS_PER_PART, token)
    lines: list[Line] = [
        {"type": "backup", "version": VERSION, "workspace": workspace.name, "created_at": workspace.now().isoformat()}
    ]
    seen: set[str] = set()
    for record in page.value:
        lines += _with_content(workspace, record, seen)
    following: str | None = None
    if page.continuation_token is not None:
        following = f"{number}.{page.continuation_token}"
    elif number + 1 < len(BACKED_UP):
        following = f"{number + 1}."
    lines.append({"type": "end", "continuation_token": following})
    return "".join(f"{json.dumps(line, separators=(',', ':'), ensure_ascii=True)}\n" for line in lines)


def _position(token: str | None) -> tuple[int, str | None]:
    number, dot, rest = (token or "0.").partition(".")
    if not dot or not number.isascii() or not number.isdigit() or int(number) >= len(BACKED_UP):
        message = "The continuation token does not belong to a backup."
        raise InvalidDocument([Fault(pointer="/continuation_token", message=message)])
    return int(number), rest or None


def _with_content(workspace: Workspace, record: CatalogueRecord, seen: set[str]) -> Iterator[Line]:
    """A record's line, after those of what it refers to."""
    if isinstance(record, PublishedPipeline | PipelineDraft) and record.definition_id not in seen:
        seen.add(record.definition_id)
        yield from _definition(workspace, record.definition_id, seen)
    if isinstance(record, Module):
        for version in record.versions:
            yield from _snapshot(workspace, version.step.get("snapshot"), seen)
    yield {"type": "record", "kind": record.kind, "record": record.model_dump(mode="json")}


def _definition(workspace: Workspace, definition_id: str, seen: set[str]) -> Iterator[Line]:
    try:
        definition = workspace.definition(definition_id).model_dump(mode="json")
    except NotFound:
        return  # a record that cannot run here either must not keep the others from being copied
    for step in definition["steps"]:
        yield from _snapshot(workspace, step.get("snapshot"), seen)
    yield {"type": "definition", "id": definition_id, "document": definition}


def _snapshot(workspace: Workspace, snapshot_id: object, seen: set[str]) -> Iterator[Line]:
    if not isinstance(snapshot_id, str) or snapshot_id in seen:
        return
    seen.add(snapshot_id)
    try:
        files = workspace.manifest(snapshot_id).files
    except NotFound:
        return  # its definition cannot run here either
    blobs, container = workspace.services.blobs, names.SYSTEM_CONTAINER
    addresses = {
        file.sha256: blobs.read_url(container, snapshot_file_blob(file.sha256), _ADDRESS_VALIDITY) for file in files
    }
    documents = [file.model_dump(mode="json") for file in files]
    yield {"type": "snapshot", "id": snapshot_id, "files": documents, "addresses": addresses}

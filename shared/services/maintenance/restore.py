"""Putting a backup's records and definitions back: into an empty workspace, or beside what a workspace has.

What starts runs or sends messages by itself comes back disabled: the workspace that the backup is of may still be at
work.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from shared.core.canonical import digest
from shared.core.catalogue import CatalogueRecord
from shared.core.compute_targets import ComputeTarget
from shared.core.datastores import Datastore
from shared.core.definition import PipelineDefinition
from shared.core.errors import Fault, InvalidDocument
from shared.core.pointers import json_pointer
from shared.core.publishing import EntityStatus
from shared.core.schedules import Schedule
from shared.core.webhooks import Webhook, WebhookStatus
from shared.services import datastore_registration, target_secrets
from shared.services.documents import definition_digest, store_definition
from shared.services.maintenance.backup import VERSION
from shared.services.maintenance.kinds import BACKED_UP
from shared.services.workspace import Workspace

Policy = Literal["skip", "replace"]
_KINDS = {kind.kind: kind for kind in BACKED_UP}
_OTHERS = frozenset({"snapshot", "end"})
"""Lines that are a client's business: it uploads the files of snapshots, and asks for the next part."""
_MOST_CONFLICTS = 100
_NOTE = "Restored from a backup. Set a new secret and enable it."


class MissingSecret(BaseModel):
    """A secret that a record names and this workspace does not have."""

    kind: str
    key: str
    secret: str


class KindCount(BaseModel):
    """What became (or would become) of the records of a kind."""

    created: int = 0
    replaced: int = 0
    skipped: int = 0
    unchanged: int = 0


class RestoreReport(BaseModel):
    """What a restore did, or would do.

    Attributes:
        conflicts: Records that are there with other content, as `kind key`; the first hundred.
        warnings: Sentences for the administrator.
    """

    dry_run: bool
    definitions: int = 0
    records: dict[str, KindCount] = {}
    conflicts: list[str] = []
    missing_secrets: list[MissingSecret] = []
    warnings: list[str] = []


def restore(workspace: Workspace, body: bytes, *, conflict: Policy, dry_run: bool) -> RestoreReport:
    """Put the lines of a backup back. The whole body is checked before anything is written.

    Args:
        workspace: The workspace.
        body: Lines of a backup, of which the first says that they are.
        conflict: What becomes of a record that is there with other content.
        dry_run: Only look.

    Raises:
        InvalidDocument: With every line that cannot be.
    """
    definitions, records = _parse(body)
    report = RestoreReport(dry_run=dry_run, definitions=len(definitions))
    for record in records:  # first: a key vault that is away must not leave a half
        _say_what_is_missing(workspace, record, report)
    for definition in definitions if not dry_run else ():
        store_definition(workspace.services.blobs, definition)
    for record in records:
        _put_back(workspace, record, report, conflict=conflict)
    if not dry_run:
        workspace.forget_webhooks()
    return report


def _parse(body: bytes) -> tuple[list[PipelineDefinition], list[CatalogueRecord]]:
    definitions: list[PipelineDefinition] = []
    records: list[CatalogueRecord] = []
    faults: list[Fault] = []
    for number, line in enumerate(body.splitlines()):
        pointer = f"/{number}"
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            faults.append(Fault(pointer=pointer, message="The line is not a JSON object."))
            continue
        sort = document.get("type")
        if number == 0 or sort == "backup":
            faults += _header_faults(pointer, document)
        elif sort == "definition":
            faults += _take_definition(pointer, document, definitions)
        elif sort == "record":
            faults += _take_record(pointer, document, records)
        elif sort not in _OTHERS:
            faults.append(Fault(pointer=f"{pointer}/type", message=f"A backup has no lines of the type {sort!r}."))
    if not body.strip():
        faults.append(Fault(pointer="", message="The body is empty.", suggestion="Send the lines of a backup."))
    if faults:
        raise InvalidDocument(faults)
    return definitions, records


def _header_faults(pointer: str, document: dict[str, Any]) -> list[Fault]:
    if document.get("type") != "backup":
        message = "The first line does not say that this is a backup."
        return [Fault(pointer=pointer, message=message, suggestion='Send the line `{"type":"backup",...}` first.')]
    if document.get("version") != VERSION:
        message = f"The backup has the form {document.get('version')!r}; this workspace reads form {VERSION}."
        return [Fault(pointer=f"{pointer}/version", message=message, suggestion="Upgrade the workspace first.")]
    return []


def _take_definition(pointer: str, document: dict[str, Any], found: list[PipelineDefinition]) -> Iterator[Fault]:
    try:
        definition = PipelineDefinition.model_validate(document.get("document"))
    except ValidationError as error:
        yield from _faults_of(f"{pointer}/document", error)
        return
    try:
        actual = definition_digest(definition)
    except ValueError:  # half a character, or a depth, that no stored document has
        actual = None
    if actual is None or actual != document.get("id"):
        yield Fault(pointer=f"{pointer}/id", message="The definition is not the one that this id stands for.")
    found.append(definition)


def _take_record(pointer: str, document: dict[str, Any], found: list[CatalogueRecord]) -> Iterator[Fault]:
    kind = _KINDS.get(str(document.get("kind")))
    if kind is None:
        message = f"This workspace knows no records of the kind {document.get('kind')!r}."
        yield Fault(pointer=f"{pointer}/kind", message=message, suggestion="Upgrade the workspace first.")
        return
    try:
        record = kind.model_validate_json(json.dumps(document.get("record")))
    except ValidationError as error:
        yield from _faults_of(f"{pointer}/record", error)
        return
    yield from _secret_faults(f"{pointer}/record", record)
    found.append(record.model_copy(update={"etag": None}))


def _secret_faults(pointer: str, record: CatalogueRecord) -> Iterator[Fault]:
    """A record must not reach for the secret of another one, to send it to an address of its own."""
    for place, secret, prefix in _secrets(record):
        if re.fullmatch(f"{re.escape(prefix)}[0-9a-f-]{{1,36}}", secret) is None:
            message = f"{secret!r} is not the name of a secret that belongs to this {record.label}."
            yield Fault(pointer=pointer + place, message=message)


def _secrets(record: CatalogueRecord) -> list[tuple[str, str, str]]:
    """Of each secret that a record names: where, its name, and what that has to begin with."""
    if isinstance(record, Datastore) and record.secret_name is not None:
        return [("/secret_name", record.secret_name, datastore_registration.secret_prefix(record.name))]
    if isinstance(record, ComputeTarget):
        kept = record.secret_names.items()
        prefix = target_secrets.secret_prefix
        return [(json_pointer("secret_names", name), secret, prefix(record.name, name)) for name, secret in kept]
    return [("/id", record.secret_name, "webhook-")] if isinstance(record, Webhook) else []


def _faults_of(pointer: str, error: ValidationError) -> Iterator[Fault]:
    for each in error.errors():
        place = "".join(f"/{part}" for part in each["loc"])
        yield Fault(pointer=pointer + place, message=f"{each['msg']}.")


def _put_back(workspace: Workspace, record: CatalogueRecord, report: RestoreReport, *, conflict: Policy) -> None:
    catalogue = workspace.services.catalogue
    count = report.records.setdefault(record.kind, KindCount())
    existing = catalogue.find(type(record), record.key)
    resting = _at_rest(record)
    if existing is not None and _content(existing) in {_content(record), _content(resting)}:
        count.unchanged += 1
        return
    if existing is not None:
        if len(report.conflicts) < _MOST_CONFLICTS:
            report.conflicts.append(f"{record.kind} {record.key}")
        if conflict == "skip":
            count.skipped += 1
            return
        count.replaced += 1
    else:
        count.created += 1
    if not report.dry_run:
        # Whoever said `skip` overwrites nothing, not even what somebody has made a moment ago.
        (catalogue.insert if existing is None and conflict == "skip" else catalogue.put)(resting)
        _forget(workspace, record)


def _at_rest(record: CatalogueRecord) -> CatalogueRecord:
    """As it is put back: what acts by itself is disabled."""
    if isinstance(record, Schedule):
        return record.model_copy(update={"status": EntityStatus.DISABLED})
    if isinstance(record, Webhook):
        return record.model_copy(update={"status": WebhookStatus.DISABLED, "note": _NOTE})
    return record


def _content(record: CatalogueRecord) -> str:
    return digest("pipeyard.record", record.model_dump(mode="json"))


def _forget(workspace: Workspace, record: CatalogueRecord) -> None:
    if isinstance(record, Datastore):
        workspace.forget_datastore(record.name)
    if isinstance(record, ComputeTarget):
        workspace.forget_compute_target(record.name)


def _say_what_is_missing(workspace: Workspace, record: CatalogueRecord, report: RestoreReport) -> None:
    if isinstance(record, Datastore):
        problem = workspace.services.datastores.check(record)
        if problem is not None:
            report.warnings.append(f"Datastore `{record.name}` cannot be used here: {problem}")
    for _, secret, _ in _secrets(record):
        if workspace.services.secrets.get(secret) is None:
            report.missing_secrets.append(MissingSecret(kind=record.kind, key=record.key, secret=secret))

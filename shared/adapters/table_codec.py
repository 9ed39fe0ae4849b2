"""Records as table entities, names as keys, continuation tokens as opaque text.

A record is kept as its JSON, cut into properties `body0`, `body1`, ... Storage counts two bytes for each character.
Only what a query filters by gets a column of its own.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from shared.core.errors import Fault, IntegrityError, InvalidDocument, TooLarge

Entity = dict[str, str | int]

BODY_CHARACTERS = 30_000
"""Per property; a table allows 32 Ki UTF-16 units."""
MAX_ENTITY_BYTES = 900_000
"""Per row, in the service's way of counting; a table allows 1 MiB."""
MAX_KEY_CHARACTERS = 400
"""Longer keys are cut and get a digest; a table allows 512 to 1,024."""
_BYTES_PER_PROPERTY = 32
TOKEN_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it was read.

    Attributes:
        columns: Its properties by name.
        etag: Its version.
    """

    columns: Mapping[str, Any]
    etag: str


def safe_key(name: str) -> str:
    """A name as a key. Ordinary names stay as they are; whatever tables forbid in keys becomes `=XX`."""
    key = quote(name, safe=":").replace("%", "=")
    if len(key) <= MAX_KEY_CHARACTERS:
        return key
    return f"{key[:MAX_KEY_CHARACTERS]}={hashlib.sha256(name.encode()).hexdigest()}"


def encode(record: BaseModel, partition: str, row: str, **columns: str) -> Entity:
    """A record as an entity.

    Raises:
        TooLarge: The row would exceed `MAX_ENTITY_BYTES`.
    """
    body = record.model_dump_json(ensure_ascii=True, warnings="error")  # what is written must be readable
    entity: Entity = {"PartitionKey": partition, "RowKey": row}
    entity["schema_version"] = getattr(record, "schema_version", 1)
    entity.update(columns)
    for number, start in enumerate(range(0, len(body), BODY_CHARACTERS)):
        entity[f"body{number}"] = body[start : start + BODY_CHARACTERS]
    size = entity_bytes(entity)
    if size > MAX_ENTITY_BYTES:
        raise TooLarge(
            f"{type(record).__name__} {row} of {partition} would be a table row of {size:,} bytes; "
            f"the limit is {MAX_ENTITY_BYTES:,}. Shorten its largest texts."
        )
    return entity


def decode[Record: BaseModel](row: Row, record_type: type[Record]) -> Record:
    """The record of a row, validated; the schema version is part of the record.

    Raises:
        IntegrityError: The row does not hold such a record.
    """
    columns = row.columns
    parts: list[str] = []
    while (part := columns.get(f"body{len(parts)}")) is not None:
        parts.append(part)
    try:
        return record_type.model_validate_json("".join(parts))
    except ValidationError as error:
        place = f"Row {columns.get('RowKey')} of {columns.get('PartitionKey')}"
        raise IntegrityError(f"{place} does not hold a {record_type.__name__} that this version can read.") from error


def entity_bytes(entity: Entity) -> int:
    """Size of a row, a little more than the service counts."""
    return sum(_BYTES_PER_PROPERTY + 2 * len(value) for value in entity.values() if isinstance(value, str)) + 100


def all_equal(**columns: str) -> str:
    """An OData filter: every column has the given value."""
    return " and ".join(f"{name} eq {literal(value)}" for name, value in columns.items())


def literal(value: str) -> str:
    """A string in an OData filter."""
    return "'" + value.replace("'", "''") + "'"


def seal_token(position: Mapping[str, str | None], query: str) -> str:
    """A continuation token that only the same query will accept."""
    content = {"v": TOKEN_VERSION, "q": _digest(query), "p": position.get("PartitionKey"), "r": position.get("RowKey")}
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def open_token(token: str, query: str) -> dict[str, str | None]:
    """The position in a token of `seal_token`.

    Raises:
        InvalidDocument: It was not made for this query.
    """
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise bad_token() from error
    if not isinstance(content, dict) or content.get("v") != TOKEN_VERSION or content.get("q") != _digest(query):
        raise bad_token()
    position = {"PartitionKey": content.get("p"), "RowKey": content.get("r")}
    if not all(value is None or isinstance(value, str) for value in position.values()) or not any(position.values()):
        raise bad_token()
    return position


def bad_token() -> InvalidDocument:
    """The error for a token that no earlier page of this list gave."""
    fault = Fault(
        pointer="/continuation_token",
        message="The continuation token does not belong to this list.",
        suggestion="Use the token of the page before with the same filter, or leave it out to start again.",
    )
    return InvalidDocument([fault])


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:16]

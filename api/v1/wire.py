"""What all of v1's documents have in common: PascalCase keys, unknown ones ignored, null for what is not there."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from shared.core.document import Document
from shared.core.errors import Fault, InvalidDocument
from shared.core.pointers import json_pointer
from shared.core.publishing import EntityStatus
from shared.core.records import Page

MAX_LISTED = 1000
"""v1's lists are bare arrays without pages, so they have to end somewhere."""
PAGE_SIZE = 200
"""How much `every` reads at a time."""
_STATUS_CODES = {"0": EntityStatus.ACTIVE, "1": EntityStatus.DISABLED, "2": EntityStatus.DISABLED}
"""v1's code 1 is Deprecated, of which nothing new should be started either."""

Segment = Annotated[str, Path(min_length=1, max_length=255)]
_Name = Annotated[str | None, Query(min_length=1, max_length=255)]


async def _endpoint_name(name: _Name = None, upper: Annotated[_Name, Query(alias="Name")] = None) -> str:
    found = name if name is not None else upper
    if found is None:
        raise InvalidDocument([Fault(pointer="/name", message="The query parameter `name` is missing.")])
    return found


EndpointName = Annotated[str, Depends(_endpoint_name)]
"""Notebooks write `?name=`, the SDK `?Name=`."""


def _key(field: str) -> str:
    return field if field == "tags" else to_pascal(field)


class Wire(BaseModel):
    """Base of v1's documents. What callers send besides (Azure DevOps does) is ignored, as v1 ignores it."""

    model_config = ConfigDict(alias_generator=_key, populate_by_name=True, extra="ignore", frozen=True)


def checked[D: Document](model: type[D], fields: Mapping[str, Any], places: Mapping[str, str]) -> D:
    """A document of our own from what a v1 caller sent.

    Args:
        model: The document's class.
        fields: Its fields; None is left out.
        places: v1's key for fields whose name differs by more than its case.

    Raises:
        InvalidDocument: With every fault, at the place where v1 has it.
    """
    try:
        return model.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        raise InvalidDocument([_fault(details, places) for details in error.errors()]) from None


def _fault(details: Any, places: Mapping[str, str]) -> Fault:
    key, *rest = details["loc"] or ("",)
    pointer = json_pointer(places.get(str(key), _key(str(key))), *rest) if key else ""
    return Fault(pointer=pointer, message=details["msg"].removeprefix("Value error, "))


def moved(error: InvalidDocument, places: Mapping[str, str]) -> InvalidDocument:
    """The same faults with the pointers of v1's document: `places` maps the beginnings of pointers."""
    faults = []
    for fault in error.faults:
        start = next((start for start in places if fault.pointer.startswith(start)), None)
        pointer = fault.pointer if start is None else places[start] + fault.pointer.removeprefix(start)
        faults.append(fault.model_copy(update={"pointer": pointer}))
    return InvalidDocument(faults)


def every[Item](page_of: Callable[[str | None], Page[Item]], limit: int = MAX_LISTED) -> list[Item]:
    """The items of a list's pages, up to a limit."""
    items: list[Item] = []
    token: str | None = None
    while len(items) < limit:
        page = page_of(token)
        items += page.value
        token = page.continuation_token
        if token is None:
            break
    return items[:limit]


def entity_status(given: str | int | None) -> EntityStatus | None:
    """A status by its name or v1's code.

    Raises:
        InvalidDocument: There is no such status.
    """
    if given is None:
        return None
    word = _STATUS_CODES.get(str(given), str(given))
    try:
        return EntityStatus(word)
    except ValueError:
        message = f"There is no status `{str(given)[:40]}`."
        suggestion = 'Write "Active" or "Disabled".'
        raise InvalidDocument([Fault(pointer="/EntityStatus", message=message, suggestion=suggestion)]) from None


def texts(given: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Tags or properties, whose values v1 callers also send as numbers and booleans."""
    if given is None:
        return None
    return {name: value if isinstance(value, str) else str(value) for name, value in given.items() if value is not None}

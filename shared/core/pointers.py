"""JSON pointers (RFC 6901): how a fault names its place in the user's document."""

from collections.abc import Iterable

from .errors import Fault


def json_pointer(*parts: str | int) -> str:
    """Pointer to the place that is reached by these keys and list positions; no parts mean the whole document."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return pointer.encode(errors="replace").decode()  # half a surrogate pair could not be sent to the user


def below(pointer: str, faults: Iterable[Fault]) -> list[Fault]:
    """Faults of a part of a document as faults of the whole: `pointer` is the place of the part."""
    return [fault.model_copy(update={"pointer": pointer + fault.pointer}) for fault in faults]

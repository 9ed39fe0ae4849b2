"""Where the files of a script may lie: below the step's inputs and outputs, or in its source directory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..storage_uris import parse_storage_uri
from ..wording import listed


class Limits(Protocol):
    """Says which paths a script may name."""

    def read_fault(self, path: str) -> str | None:
        """What is wrong with reading a path, as a sentence."""
        ...

    def write_fault(self, path: str) -> str | None:
        """What is wrong with writing a path, as a sentence."""
        ...


class BlobPlaces:
    """Files are blobs with whole addresses: so it is with the service, where a step is not known."""

    def read_fault(self, path: str) -> str | None:
        """What is wrong with reading a path, as a sentence."""
        if path.startswith("adl://"):
            return "Data Lake Storage Gen1 was retired with its `adl://` addresses: copy the files to a blob container."
        try:
            account, container, _ = parse_storage_uri(path.replace("{", "%7B").replace("}", "%7D"))
        except ValueError:
            return (
                "There is no store behind this path: begin it with `@@name@@` of an input or output of the step, "
                "or with `wasb://container@account.blob.core.windows.net/`."
            )
        if "{" in account + container:
            return "Patterns begin behind the container's name."
        return "A path cannot have `..` in it." if _climbs(path) else None

    def write_fault(self, path: str) -> str | None:
        """What is wrong with writing a path, as a sentence."""
        return self.read_fault(path)


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of the step's inputs and outputs by name."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    def read_fault(self, path: str) -> str | None:
        """What is wrong with reading a path, as a sentence."""
        if _climbs(path):
            return "A path cannot have `..` in it."
        if not path.startswith("/") and "://" not in path and ":/" not in path:
            return None
        if _within(path, self.inputs.values()):
            return None
        return f"No input of the step has this file: begin the path with {_names(self.inputs, 'an input')}."

    def write_fault(self, path: str) -> str | None:
        """What is wrong with writing a path, as a sentence."""
        if _climbs(path):
            return "A path cannot have `..` in it."
        if _within(path, self.outputs.values()):
            return None
        return f"The file would be lost: begin the path with {_names(self.outputs, 'an output')}."


def _climbs(path: str) -> bool:
    return ".." in path.replace("\\", "/").split("/")


def _within(path: str, roots: Iterable[str]) -> bool:
    return any(path == root or path.startswith(f"{root.rstrip('/')}/") for root in roots)


def _names(ports: Mapping[str, str], none: str) -> str:
    if not ports:
        return f"`@@name@@` of {none}, of which the step has none"
    return listed([f"`@@{name}@@`" for name in ports], last="or")

"""Reading the TOML files of this package, and those that take their place."""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeyard._checks import suggest
from pipeyard.exceptions import Fault, UserErrorException


def text_of(name: str) -> str:
    """A file of this package, as it is."""
    return files("pipeyard._cost").joinpath(name).read_text(encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """A file of the user's.

    Raises:
        UserErrorException: It cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserErrorException(f"The price file {path} cannot be read: {error}.") from error


def is_number(value: Any) -> bool:
    """Whether it is a number that something may cost or count."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def unknown_keys(pointer: str, table: Mapping[str, Any], known: Iterable[str]) -> list[Fault]:
    """A fault for each key that nobody would read."""
    names = list(known)
    return [
        Fault(f"{pointer}/{key}", f"`{key}` is not known here.", suggest(key, names).strip() or None)
        for key in table
        if key not in names
    ]

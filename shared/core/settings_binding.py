"""Pipeline parameters inside a step's settings: `{"parameter": "x"}` stands for the value of `x`, at any depth."""

from collections.abc import Iterator, Mapping
from typing import Any

from .bindings import ParameterValue


def parameter_references(settings: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """(JSON pointer, name of the parameter) of every reference."""
    if isinstance(settings, dict):
        if _is_reference(settings):
            yield pointer, settings["parameter"]
            return
        for key, value in settings.items():
            yield from parameter_references(value, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(settings, list | tuple):
        for position, value in enumerate(settings):
            yield from parameter_references(value, f"{pointer}/{position}")


def bind_settings(settings: Any, parameters: Mapping[str, ParameterValue]) -> Any:
    """The settings with values in place of references.

    Raises:
        KeyError: A parameter has no value.
    """
    if isinstance(settings, dict):
        if _is_reference(settings):
            return parameters[settings["parameter"]]
        return {key: bind_settings(value, parameters) for key, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [bind_settings(value, parameters) for value in settings]
    return settings


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and list(value) == ["parameter"] and isinstance(value["parameter"], str)

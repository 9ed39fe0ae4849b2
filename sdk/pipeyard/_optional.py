"""Packages that only some features need: imported where they are used, and named with their extra when absent."""

import importlib
from typing import Any

from pipeyard.exceptions import UserErrorException


def require(module: str, extra: str) -> Any:
    """An optional module.

    Raises:
        UserErrorException: It is not installed; the text says which extra brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UserErrorException(
            f"This needs the package {error.name!r}, which is not installed: pip install 'pipeyard[{extra}]'"
        ) from error

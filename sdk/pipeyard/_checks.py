"""Checks of arguments that v1 code gets wrong in the same ways again and again."""

import difflib
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from pipeyard.exceptions import UserErrorException

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\- ]")
_LONGEST_NAME = 128


def require_workspace(workspace: Any, where: str) -> None:
    """Refuse a workspace's name in place of the workspace.

    Raises:
        UserErrorException: It is no `Workspace`.
    """
    if not hasattr(workspace, "client"):
        raise UserErrorException(
            f"{where} needs a Workspace object as its workspace, not {workspace!r}. "
            "Get one with Workspace.from_config() and pass the object, not its name."
        )


def require_datastore(datastore: Any, where: str) -> None:
    """Refuse a datastore's name, or nothing, in place of the datastore.

    Raises:
        UserErrorException: It is no `Datastore`.
    """
    if not isinstance(getattr(datastore, "name", None), str):
        raise UserErrorException(
            f"{where} needs a Datastore object as its datastore, not {datastore!r}. "
            "Get one with Datastore.get(workspace, name) or workspace.get_default_datastore()."
        )


def require_id(run_id: Any, where: str) -> None:
    """Refuse what cannot be an id before the workspace is asked for it.

    Raises:
        UserErrorException: It is no text, or empty.
    """
    if not isinstance(run_id, str) or not run_id.strip():
        raise UserErrorException(f"{where} needs the id of a run, not {run_id!r}.")


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Tags and properties, whose values are texts in the workspace, such as numbers as people would write them."""
    return {key: str(value) for key, value in (values or {}).items()}


def refuse_unknown(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keyword arguments that nobody would read.

    Raises:
        UserErrorException: There is one that is not known; the text lists the known ones.
    """
    names = sorted(known)
    unknown = [name for name in given if name not in names]
    if not unknown:
        return
    listed = ", ".join(names) or "none"
    raise UserErrorException(
        f"{where} does not know {', '.join(f'{name!r}' for name in unknown)}.{suggest(unknown[0], names)} "
        f"It knows: {listed}. (SDK v1 ignored unknown keywords silently.)"
    )


def suggest(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest known name, "" where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def not_offered(what: str, instead: str) -> UserErrorException:
    """The error for something of v1 that has no meaning here."""
    return UserErrorException(f"Pipeyard does not offer {what}. {instead}", code="not_offered")


def warn(text: str) -> None:
    """Tell the author of a script something that does not stop it."""
    warnings.warn(text, UserWarning, stacklevel=3)


def definition_name(text: str) -> str:
    """A name as definitions allow it: what they do not allow becomes `_`."""
    name = _NOT_IN_NAMES.sub("_", text).strip()[:_LONGEST_NAME]
    return name if name[:1].isalnum() or name[:1] == "_" else f"_{name}"[:_LONGEST_NAME]
